// SPDX-License-Identifier: Apache-2.0
/// \file
/// Python's `unicode_escape` decoding, which upstream applies to stub messages that contain the two
/// characters `\x`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::stub {

/// True when upstream would unescape the message.
[[nodiscard]] inline bool is_escaped(std::string_view message) noexcept {
    return message.find("\\x") != std::string_view::npos;
}

/// The characters that the escaped text stands for; bytes outside of escapes are taken for
/// ISO-8859-1. Nothing when an escape is cut short or names no character (names, `\N{...}`, are not
/// supported).
[[nodiscard]] std::optional<std::u32string> unescape(std::string_view text);

/// One byte per character; nothing when one does not fit.
[[nodiscard]] std::optional<std::string> as_bytes(const std::u32string& characters);

/// UTF-8; nothing when there is a surrogate among them.
[[nodiscard]] std::optional<std::string> as_utf8(const std::u32string& characters);

}  // namespace patchbay::stub
