// SPDX-License-Identifier: Apache-2.0
/// \file
/// Gives dead letters another chance: each envelope is delivered again on behalf of the instance
/// that delivered it first, so that it takes the route it would take today.
#pragma once

#include <patchbay/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <vector>

namespace patchbay::app {

class HostProcess;

/// [{"id", "result": "delivered" | "full" | "dead_lettered" | "refused", "reason"?}, ...]. What was
/// delivered (or died again, as a new letter) is marked as replayed; letters that were replayed
/// before are refused unless `again`.
[[nodiscard]] Result<nlohmann::json> replay_dead_letters(HostProcess& host,
                                                         const std::vector<std::int64_t>& ids,
                                                         bool again);

}  // namespace patchbay::app
