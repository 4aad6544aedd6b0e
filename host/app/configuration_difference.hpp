// SPDX-License-Identifier: Apache-2.0
/// \file
/// What of a host configuration cannot change while the host runs, and what of it is neither an
/// instance nor a route but can.
#pragma once

#include "config/host_configuration.hpp"
#include "events/levels.hpp"

#include <string>
#include <vector>

namespace patchbay::app {

/// Keys of which `next` says something different and that are read at the start alone. They are put
/// back to what runs, so that `next` describes the running host.
[[nodiscard]] std::vector<std::string> keep_for_restart(config::HostConfiguration& next,
                                                        const config::HostConfiguration& running);

/// Levels that differ between the two; what an operator set by command stays otherwise.
void change_levels(events::Levels& levels, const config::Log& running, const config::Log& next);

}  // namespace patchbay::app
