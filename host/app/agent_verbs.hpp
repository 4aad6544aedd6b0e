// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a running host does for the control socket about agents and their identity: agents-list,
/// agents-kick, and identity-list, -show, -claim, -release, -revoke, -rotate-key, -tokens, -backup.
/// Those about claims open the identity subsystem when no plugin has done it yet.
#pragma once

#include "control/registry.hpp"

namespace patchbay::app {

class HostProcess;

/// `host` outlives the server that uses the registry.
void register_agent_verbs(control::Registry& registry, HostProcess& host);

}  // namespace patchbay::app
