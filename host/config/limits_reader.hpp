// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reads the limits and policies of connections, which stand in `connection_defaults` and in every
/// entry of `connections`.
#pragma once

#include "config/host_configuration.hpp"
#include "config/map_reader.hpp"

namespace patchbay::config {

/// What the map leaves out keeps the value that it has in `limits`.
void read_connection_limits(MapReader& reader, ConnectionLimits& limits);

/// Longest time that can be configured, in seconds: ten years.
inline constexpr double longest_time = 10.0 * 365.0 * 24.0 * 3600.0;

}  // namespace patchbay::config
