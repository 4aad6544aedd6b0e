// SPDX-License-Identifier: Apache-2.0
/// \file
/// Are a plugin's files those that its connection.yaml was written for? A fingerprint proves that
/// the files belong together, not where they come from.
#pragma once

#include "config/connection_manifest.hpp"
#include "config/problems.hpp"

#include <cstdint>
#include <string>

namespace patchbay::config {

/// Every entry of `fingerprint` whose file exists below `folder` and has other content
/// (`fingerprint.mismatch`) or cannot be read (`fingerprint.unreadable`). Files that do not exist
/// are passed over: a package carries sources for other hosts. Text files may have Windows line
/// ends, as upstream allows. Files beyond `max_bytes` are unreadable.
[[nodiscard]] Problems check_fingerprint(const ConnectionManifest& manifest,
                                         const std::string& folder,
                                         std::uint64_t max_bytes = 1ULL << 30U);

/// Whether `fingerprint` has an entry for this file ("libx.so"), so that policy `required` can ask
/// for one.
[[nodiscard]] bool has_fingerprint(const ConnectionManifest& manifest, const std::string& file);

}  // namespace patchbay::config
