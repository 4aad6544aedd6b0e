// SPDX-License-Identifier: Apache-2.0
/// \file
/// The code points of a text that is known to be UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace patchbay::identity {

/// The code point at byte `at`, which moves to the next one. `text` must be well-formed.
[[nodiscard]] constexpr std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto byte = [text](std::size_t index) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(text[index]));
    };
    const std::uint32_t first = byte(at);
    if (first < 0x80) {
        at += 1;
        return first;
    }
    const std::size_t more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    std::uint32_t code = first & (0x3FU >> more);
    for (std::size_t i = 1; i <= more; ++i) {
        code = (code << 6U) | (byte(at + i) & 0x3FU);
    }
    at += more + 1;
    return code;
}

}  // namespace patchbay::identity
