// SPDX-License-Identifier: Apache-2.0
#include "openapi/percent_coding.hpp"

#include <patchbay/utf8.hpp>

namespace patchbay::openapi {
namespace {

/// 0 to 15, or -1.
int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/// The character that the `%XX` at `at` stands for.
std::optional<char> encoded_character(std::string_view text, std::size_t at) {
    if (at + 2 >= text.size()) {
        return std::nullopt;
    }
    const int high = hex_digit(text[at + 1]);
    const int low = hex_digit(text[at + 2]);
    return high < 0 || low < 0 ? std::nullopt : std::optional(static_cast<char>(high * 16 + low));
}

bool is_unreserved(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '-' || character == '.' ||
           character == '_' || character == '~';
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, Plus plus) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '%') {
            const auto character = encoded_character(text, at);
            if (!character) {
                return std::nullopt;
            }
            decoded += *character;
            at += 2;
        } else {
            decoded += text[at] == '+' && plus == Plus::is_space ? ' ' : text[at];
        }
    }
    return is_utf8(decoded) ? std::optional(std::move(decoded)) : std::nullopt;
}

bool is_plain(std::string_view text) {
    for (const char character : text) {
        if (character == '%' || character == '+' || static_cast<unsigned char>(character) >= 0x80) {
            return false;
        }
    }
    return true;
}

std::string with_unreserved_decoded(std::string_view text) {
    std::string normal;
    normal.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto character =
            text[at] == '%' ? encoded_character(text, at) : std::optional<char>();
        if (character && is_unreserved(*character)) {
            normal += *character;
            at += 2;
        } else {
            normal += text[at];
        }
    }
    return normal;
}

}  // namespace patchbay::openapi
