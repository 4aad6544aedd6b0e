// SPDX-License-Identifier: Apache-2.0
/// \file
/// UTF-8 well-formedness, by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
/// Every text field of an envelope or message must pass, on the way in and on the way out, because
/// the protobuf libraries of our peers refuse the whole message otherwise.
#pragma once

#include <string_view>

namespace patchbay {

/// True when `text` is well-formed UTF-8. Never allocates.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

}  // namespace patchbay
