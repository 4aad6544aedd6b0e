// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reads a host configuration: strict YAML, placeholders filled in, every key checked, relative
/// paths made absolute. What can only be checked when the plugins are known (routes to instances,
/// overrides of a plugin's config) has functions of its own: check_references,
/// merge_instance_config.
#pragma once

#include "config/host_configuration.hpp"
#include "config/placeholders.hpp"
#include "config/problems.hpp"

#include <string>
#include <string_view>

namespace patchbay::config {

/// `file` is the name for messages; `folder` (absolute) is where relative paths start.
[[nodiscard]] Checked<HostConfiguration> parse_host_configuration(std::string_view text,
                                                                  const std::string& file,
                                                                  const std::string& folder,
                                                                  const Environment& environment);

[[nodiscard]] Checked<HostConfiguration> read_host_configuration(
    const std::string& path, const Environment& environment = process_environment());

}  // namespace patchbay::config
