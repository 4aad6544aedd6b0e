// SPDX-License-Identifier: Apache-2.0
/// \file
/// The state of a running host.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace patchbay::app {

class HostProcess;

/// {"version", "pid", "stage", "ready", "instances": [...], "dead_letters": {...}, ...}
[[nodiscard]] nlohmann::json status_json(HostProcess& host);

}  // namespace patchbay::app
