// SPDX-License-Identifier: Apache-2.0
#include "app/control_target.hpp"

#include "app/control_request.hpp"
#include "app/exit_code.hpp"
#include "app/problem_output.hpp"
#include "config/host_configuration_reader.hpp"

#include <ostream>

namespace patchbay::app {

void add_control_target(Command verb, ControlTarget& target) {
    verb.add_option("-c,--config", target.config, "Configuration of the running host")
        .environment("PATCHBAY_CONFIG");
    verb.add_option("--socket", target.socket, "Control socket of the running host");
}

Result<control::Client> connect(const ControlTarget& target) {
    if (!target.socket.empty()) {
        return control::Client::connect(target.socket);
    }
    if (target.config.empty()) {
        return failure(ErrorClass::invalid, "control.no_target",
                       "Which host? Give --config (or set PATCHBAY_CONFIG), or --socket.");
    }
    const config::Checked<config::HostConfiguration> configuration =
        config::read_host_configuration(target.config);
    if (!configuration) {
        Error error = configuration.error().front();
        error.code = "config.invalid";
        return tl::unexpected<Error>(std::move(error));
    }
    if (!configuration->control.enabled) {
        return failure(ErrorClass::unsupported, "control.disabled",
                       target.config + " has no control socket (control: {enabled: false}).");
    }
    return control::Client::connect(control_socket(*configuration));
}

int print_control_failure(std::ostream& err, const Error& error) {
    print_problem(err, "error", error);
    if (error.code == "control.no_target") {
        return exit_usage;
    }
    return error.code == "config.invalid" ? exit_configuration : exit_failed;
}

}  // namespace patchbay::app
