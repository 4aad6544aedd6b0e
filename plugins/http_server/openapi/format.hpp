// SPDX-License-Identifier: Apache-2.0
/// \file
/// The formats of texts that are checked. Others are annotations, as the specification allows, and
/// change nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace patchbay::openapi {

enum class Format : std::uint8_t {
    // texts
    date,       ///< RFC 3339 full-date, with the days that the month has
    date_time,  ///< RFC 3339 date-time
    uuid,       ///< RFC 4122, upper or lower case
    byte,       ///< base64 with padding (RFC 4648, section 4)
    email,      ///< something, one `@`, a domain; no spaces
    // integers
    int32,
    int64,
};

/// Nothing for formats that are not checked.
[[nodiscard]] std::optional<Format> format_named(std::string_view name);

/// Formats of integers hold for every text.
[[nodiscard]] bool has_format(std::string_view text, Format format);

/// Formats of texts hold for every integer.
[[nodiscard]] bool has_format(double integer, Format format);

/// For messages: what a value of that format looks like.
[[nodiscard]] std::string_view describe(Format format);

}  // namespace patchbay::openapi
