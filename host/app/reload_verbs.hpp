// SPDX-License-Identifier: Apache-2.0
/// \file
/// The control verb `reload`.
#pragma once

#include "app/reload_service.hpp"
#include "control/registry.hpp"

#include <nlohmann/json_fwd.hpp>

#include <vector>

namespace patchbay::app {

class HostProcess;

/// [{"instance", "report" | "error"}, ...]
[[nodiscard]] nlohmann::json to_json(const std::vector<ReloadOutcome>& outcomes);

/// {"ids": [...], "retry"?}: instance names or ids; none means every plugin. Answers, when all is
/// over, {"reloads": [{"instance", "report" | "error"}]}.
void register_reload_verb(control::Registry& registry, HostProcess& host);

}  // namespace patchbay::app
