// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reads the routes of a host configuration: `default_routing`, `default_connection`, `inbound`.
/// Only their form is checked here; check_references knows the instances.
#pragma once

#include "config/host_configuration.hpp"
#include "config/map_reader.hpp"
#include "config/problems.hpp"

namespace patchbay::config {

void read_routing(MapReader& file, HostConfiguration& host, Problems& problems);

}  // namespace patchbay::config
