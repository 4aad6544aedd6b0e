// SPDX-License-Identifier: Apache-2.0
/// \file
/// Small files that only their owner may read.
#pragma once

#include <patchbay/result.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::identity {

inline constexpr std::size_t max_private_file_bytes = std::size_t{64} << 10U;

/// The content; nothing when there is no such file. Codes: `identity.key_exposed` (group or others
/// may read or write it), `identity.key_unreadable`.
[[nodiscard]] Result<std::optional<std::string>> read_private_file(const std::string& path);

/// Replaces the file, mode 0600, so that after a crash there is the old or the new content. Code
/// `identity.key_write_failed`.
[[nodiscard]] Result<void> write_private_file(const std::string& path, std::string_view content);

}  // namespace patchbay::identity
