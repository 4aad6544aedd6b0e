// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a running host does for the control socket: status, metrics, log-level, events,
/// dead-letters-replay, stop, and those of agent_verbs.hpp, reload_verbs.hpp and apply_verb.hpp.
#pragma once

#include "control/registry.hpp"

namespace patchbay::app {

class HostProcess;

/// `host` outlives the server that uses the registry.
void register_control_verbs(control::Registry& registry, HostProcess& host);

}  // namespace patchbay::app
