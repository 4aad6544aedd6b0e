// SPDX-License-Identifier: Apache-2.0
/// \file
/// Percent-encoding (RFC 3986, section 2.1) and the `+` of HTML forms.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::openapi {

/// What `+` stands for.
enum class Plus : unsigned char { is_itself, is_space };

/// Nothing when a `%` is not followed by two hexadecimal digits, or the result is not UTF-8.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text,
                                                         Plus plus = Plus::is_itself);

/// True when decoding would change nothing.
[[nodiscard]] bool is_plain(std::string_view text);

/// `text` with the encodings of characters that never need one (letters, digits, `-._~`) decoded:
/// RFC 3986 calls both spellings equivalent. Others stay as they are.
[[nodiscard]] std::string with_unreserved_decoded(std::string_view text);

}  // namespace patchbay::openapi
