// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reads connection.yaml. Files written for upstream load unchanged; what upstream would refuse is
/// refused here too, with a place and the nearest name. `${...}` is plain text in this file.
#pragma once

#include "config/connection_manifest.hpp"
#include "config/problems.hpp"

#include <string>
#include <string_view>

namespace patchbay::config {

/// Name of the file that makes a folder a plugin.
inline constexpr std::string_view manifest_file_name = "connection.yaml";

/// `file` is the name for messages; the manifest's `path` stays empty.
[[nodiscard]] Checked<ConnectionManifest> parse_manifest(std::string_view text,
                                                         const std::string& file);

/// The file at `path`, or connection.yaml in the folder `path`.
[[nodiscard]] Checked<ConnectionManifest> read_manifest(const std::string& path);

}  // namespace patchbay::config
