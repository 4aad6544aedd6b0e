// SPDX-License-Identifier: Apache-2.0
/// \file
/// Bytes as lower-case hexadecimal digits, and back.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace patchbay::identity {

inline void append_hex(std::string& text, std::span<const unsigned char> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::size_t at = text.size();
    text.resize(at + bytes.size() * 2);
    for (const unsigned char byte : bytes) {
        text[at++] = digits[byte >> 4U];
        text[at++] = digits[byte & 0xFU];
    }
}

/// False unless `text` is exactly the digits, in lower case, of as many bytes as there is room for.
[[nodiscard]] inline bool read_hex(std::string_view text, std::span<unsigned char> bytes) {
    if (text.size() != bytes.size() * 2) {
        return false;
    }
    unsigned bad = 0;
    const auto value = [&bad](char c) -> unsigned {
        if (c >= '0' && c <= '9') {
            return static_cast<unsigned>(c - '0');
        }
        if (c >= 'a' && c <= 'f') {
            return static_cast<unsigned>(c - 'a') + 10U;
        }
        bad = 1;
        return 0;
    };
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<unsigned char>((value(text[i * 2]) << 4U) | value(text[i * 2 + 1]));
    }
    return bad == 0;
}

}  // namespace patchbay::identity
