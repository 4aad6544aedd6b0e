// SPDX-License-Identifier: Apache-2.0
/// \file
/// The control verb `reload`.
#pragma once

#include "control/registry.hpp"

namespace patchbay::app {

class HostProcess;

/// {"ids": [...], "retry"?}: instance names or ids; none means every plugin. Answers, when all is
/// over, {"reloads": [{"instance", "report" | "error"}]}.
void register_reload_verb(control::Registry& registry, HostProcess& host);

}  // namespace patchbay::app
