// SPDX-License-Identifier: Apache-2.0
/// \file
/// Options that all verbs share which speak with a running host, or read its data folder.
#pragma once

#include "app/command.hpp"
#include "config/host_configuration.hpp"
#include "control/client.hpp"

#include <patchbay/result.hpp>

#include <iosfwd>
#include <string>

namespace patchbay::app {

struct ControlTarget {
    std::string config;
    std::string socket;
};

/// Adds --config (or PATCHBAY_CONFIG) and --socket.
void add_control_target(Command verb, ControlTarget& target);

/// Connects to the host. Codes: `control.no_target`, `control.disabled`, `config.invalid`, and
/// those of control::Client.
[[nodiscard]] Result<control::Client> connect(const ControlTarget& target);

/// Prints the error; returns the exit code for it.
int print_control_failure(std::ostream& err, const Error& error);

}  // namespace patchbay::app
