// SPDX-License-Identifier: Apache-2.0
/// \file
/// Files with secrets: keys and certificates. Only their owner may read them, and they are replaced
/// as a whole: a crash leaves the old content or the new one. In the library `patchbay-agent`; not
/// on Windows. Every function may block.
#pragma once

#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay {

/// Larger ones are refused by `read_private_file`.
inline constexpr std::size_t largest_private_file = std::size_t{1} << 20U;

/// The content of a regular file that the calling user owns and that nobody else can read or write
/// (mode 0600 or less). The last part of the path must not be a link. Codes: `file.missing`,
/// `file.not_private` (with the command that repairs it), `file.too_large`, `file.unreadable`.
[[nodiscard]] Result<std::string> read_private_file(const std::string& path);

enum class Existing : std::uint8_t {
    replace,
    /// Fails with `file.exists` when there is a file already.
    keep,
};

/// Writes a temporary file with mode 0600 beside `path`, brings it to the disk, gives it its name,
/// and brings the name to the disk. Missing folders are made, with mode 0700. Codes: `file.exists`,
/// `file.unwritable`.
[[nodiscard]] Result<void> write_private_file(const std::string& path, std::string_view content,
                                              Existing existing = Existing::replace);

}  // namespace patchbay
