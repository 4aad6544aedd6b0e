// SPDX-License-Identifier: Apache-2.0
/// \file
/// The verbs that speak with a running host: where it listens, and one request.
#pragma once

#include "config/host_configuration.hpp"
#include "control/client.hpp"

#include <patchbay/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace patchbay::app {

/// The control socket of a host with that configuration.
[[nodiscard]] std::string control_socket(const config::HostConfiguration& configuration);

/// Connects and asks once. Code `control.disabled` besides those of control::Client.
[[nodiscard]] Result<nlohmann::json> control_request(const config::HostConfiguration& configuration,
                                                     std::string_view verb,
                                                     const nlohmann::json& arguments);

}  // namespace patchbay::app
