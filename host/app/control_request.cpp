// SPDX-License-Identifier: Apache-2.0
#include "app/control_request.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace patchbay::app {

std::string control_socket(const config::HostConfiguration& configuration) {
    return configuration.control.socket.empty() ? configuration.data_dir + "/control.sock"
                                                : configuration.control.socket;
}

Result<nlohmann::json> control_request(const config::HostConfiguration& configuration,
                                       std::string_view verb, const nlohmann::json& arguments) {
    if (!configuration.control.enabled) {
        return failure(ErrorClass::unsupported, "control.disabled",
                       "The configuration has no control socket (control: {enabled: false}).");
    }
    Result<control::Client> client = control::Client::connect(control_socket(configuration));
    if (!client) {
        return tl::unexpected<Error>(std::move(client.error()));
    }
    return client->request(verb, arguments);
}

}  // namespace patchbay::app
