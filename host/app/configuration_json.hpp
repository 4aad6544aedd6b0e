// SPDX-License-Identifier: Apache-2.0
/// \file
/// What became of a change of configuration, as JSON for the control socket and --json.
#pragma once

#include "app/live_configuration.hpp"

#include <nlohmann/json_fwd.hpp>

namespace patchbay::app {

/// {"applied": it was not refused, and no dry run; "dry_run"; "changes": [{"instance", "action":
/// "added" | "removed" | "replaced" | "changed", "parts": [...], "error"?, "pause_ms"?,
/// "abandoned"?}], "unchanged": [names], "needs_restart": [keys], "problems": [errors],
/// "kept": [errors], "failed": [{"instance", "errors"}]}
[[nodiscard]] nlohmann::json to_json(const ConfigurationOutcome& outcome);

}  // namespace patchbay::app
