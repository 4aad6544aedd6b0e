// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reads `connections` of a host configuration: the instances, their limits and overrides.
#pragma once

#include "config/host_configuration.hpp"
#include "config/map_reader.hpp"
#include "config/problems.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::config {

/// Every entry that has a class; `defaults` are the limits that an entry starts from. Names are
/// unique.
[[nodiscard]] std::vector<ConnectionInstance> read_instances(MapReader& file,
                                                             const ConnectionLimits& defaults,
                                                             Problems& problems);

/// The name of an entry as far as it can be told before placeholders are filled: `name`, else the
/// name in `class`, else nothing.
[[nodiscard]] std::string instance_name_of(const Value& entry);

/// "CONNECTION", "http_server" -> "CONNECTION_HTTP_SERVER".
[[nodiscard]] std::string automatic_variable(std::string_view prefix, std::string_view name);

}  // namespace patchbay::config
