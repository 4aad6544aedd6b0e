// SPDX-License-Identifier: Apache-2.0
/// \file
/// The control verbs `disable`, `enable`, `drain` and `dead-letters-replay`.
#pragma once

#include "control/registry.hpp"

namespace patchbay::app {

class HostProcess;

/// All answer when it is over; `id` is an instance name or a public id.
///
/// - `disable` {"id", "cascade"?}: {"disabled": [{"name", "already", "abandoned"}]}
/// - `enable` {"id", "cascade"?} or {"all": true}: {"enabled": [{"name", "already", "error"?}],
///   "inbound_stopped"}, the last of the whole host
/// - `drain` {"id"?, "timeout_ms"?}: {"drained", "drain_ms", "left": [{"name", "queued",
///   "in_flight", "awaited"}]}. Without an id the host is drained; the limit is at most one hour
/// - `dead-letters-replay` {"ids", "again"?}: see `replay_dead_letters`
void register_operation_verbs(control::Registry& registry, HostProcess& host);

}  // namespace patchbay::app
