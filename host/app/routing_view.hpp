// SPDX-License-Identifier: Apache-2.0
/// \file
/// The routing of a host configuration in the multiplexer's words, for the running host and for
/// `explain-route` alike.
#pragma once

#include "app/host_view.hpp"
#include "multiplexer/routing.hpp"

#include <vector>

namespace patchbay::app {

[[nodiscard]] multiplexer::RoutingTable routing_table(
    const config::HostConfiguration& configuration);

/// The planned instances as the routing sees them, numbered from 1; abstract ones carry no traffic
/// and are not among them.
[[nodiscard]] std::vector<multiplexer::RoutingInstance> routing_instances(
    const plugins::Plan& plan);

}  // namespace patchbay::app
