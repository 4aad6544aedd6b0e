// SPDX-License-Identifier: Apache-2.0
#include "stub_escapes.hpp"

#include <cstddef>

namespace patchbay::stub {

namespace {

int digit_value(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Reads exactly `count` hexadecimal digits at `at`.
std::optional<char32_t> hex_number(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) {
        return std::nullopt;
    }
    char32_t value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        const int digit = digit_value(text[i]);
        if (digit < 0) {
            return std::nullopt;
        }
        value = value << 4U | static_cast<char32_t>(digit);
    }
    return value > 0x10FFFFU ? std::nullopt : std::optional(value);
}

/// The character of an escape with one letter; 0 when the letter has no such meaning.
char32_t simple_escape(char letter) noexcept {
    switch (letter) {
        case '\\':
        case '\'':
        case '"':
            return static_cast<char32_t>(letter);
        case 'a':
            return U'\a';
        case 'b':
            return U'\b';
        case 'f':
            return U'\f';
        case 'n':
            return U'\n';
        case 'r':
            return U'\r';
        case 't':
            return U'\t';
        case 'v':
            return U'\v';
        default:
            return 0;
    }
}

bool is_octal(char c) noexcept {
    return c >= '0' && c <= '7';
}

}  // namespace

std::optional<std::u32string> unescape(std::string_view text) {
    std::u32string result;
    result.reserve(text.size());
    std::size_t at = 0;
    while (at < text.size()) {
        const char c = text[at++];
        if (c != '\\') {
            result += static_cast<char32_t>(static_cast<unsigned char>(c));
            continue;
        }
        if (at == text.size()) {
            return std::nullopt;
        }
        const char letter = text[at++];
        if (letter == '\n') {
            continue;  // a line continuation
        }
        if (letter == 'N') {
            return std::nullopt;
        }
        if (letter == 'x' || letter == 'u' || letter == 'U') {
            const std::size_t count = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
            const auto value = hex_number(text, at, count);
            if (!value) {
                return std::nullopt;
            }
            result += *value;
            at += count;
        } else if (is_octal(letter)) {
            auto value = static_cast<char32_t>(letter - '0');
            for (int more = 0; more < 2 && at < text.size() && is_octal(text[at]); ++more) {
                value = value * 8 + static_cast<char32_t>(text[at++] - '0');
            }
            result += value;
        } else if (const char32_t meaning = simple_escape(letter); meaning != 0) {
            result += meaning;
        } else {
            result += U'\\';
            result += static_cast<char32_t>(static_cast<unsigned char>(letter));
        }
    }
    return result;
}

std::optional<std::string> as_bytes(const std::u32string& characters) {
    std::string bytes;
    bytes.reserve(characters.size());
    for (const char32_t c : characters) {
        if (c > 0xFFU) {
            return std::nullopt;
        }
        bytes += static_cast<char>(c);
    }
    return bytes;
}

std::optional<std::string> as_utf8(const std::u32string& characters) {
    std::string text;
    text.reserve(characters.size());
    for (const char32_t c : characters) {
        if (c >= 0xD800U && c <= 0xDFFFU) {
            return std::nullopt;
        }
        if (c < 0x80U) {
            text += static_cast<char>(c);
        } else if (c < 0x800U) {
            text += static_cast<char>(0xC0U | (c >> 6U));
            text += static_cast<char>(0x80U | (c & 0x3FU));
        } else if (c < 0x10000U) {
            text += static_cast<char>(0xE0U | (c >> 12U));
            text += static_cast<char>(0x80U | ((c >> 6U) & 0x3FU));
            text += static_cast<char>(0x80U | (c & 0x3FU));
        } else {
            text += static_cast<char>(0xF0U | (c >> 18U));
            text += static_cast<char>(0x80U | ((c >> 12U) & 0x3FU));
            text += static_cast<char>(0x80U | ((c >> 6U) & 0x3FU));
            text += static_cast<char>(0x80U | (c & 0x3FU));
        }
    }
    return text;
}

}  // namespace patchbay::stub
