// SPDX-License-Identifier: Apache-2.0
#include "json_text.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace patchbay::agent_gateway {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

void append_unit(std::string& out, std::uint32_t unit) {
    out += "\\u";
    for (unsigned shift = 16; shift != 0;) {
        shift -= 4;
        out += hex_digits[(unit >> shift) & 0xFU];
    }
}

/// The code point at `text[i]`, and moves `i` behind it. `text` is UTF-8.
std::uint32_t next_code_point(std::string_view text, std::size_t& i) {
    const auto byte = [&](std::size_t at) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at]));
    };
    const std::uint32_t first = byte(i);
    std::size_t more = 3;
    std::uint32_t point = first & 0x07U;
    if (first < 0xE0U) {
        more = 1;
        point = first & 0x1FU;
    } else if (first < 0xF0U) {
        more = 2;
        point = first & 0x0FU;
    }
    ++i;
    for (; more != 0 && i < text.size(); --more, ++i) {
        point = (point << 6U) | (byte(i) & 0x3FU);
    }
    return point;
}

void append_escaped(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            append_unit(out, static_cast<unsigned char>(c));
            break;
    }
}

bool is_plain(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20U && byte < 0x7FU && c != '"' && c != '\\';
}

/// Whether none of eight characters needs an escape: the highest bit of a byte tells that it does.
/// What lies behind such a byte may be told wrongly, so the answer is for all of them.
bool are_plain(std::uint64_t word) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t tops = 0x8080808080808080U;
    const auto zero_bytes = [](std::uint64_t value) { return (value - ones) & ~value; };
    const std::uint64_t special =
        zero_bytes(word ^ (ones * 0x22U)) | zero_bytes(word ^ (ones * 0x5CU)) |
        zero_bytes(word ^ (ones * 0x7FU)) | ((word - ones * 0x20U) & ~word);
    return ((special | word) & tops) == 0;
}

/// How many characters at the start of `text` need no escape.
std::size_t plain_prefix(std::string_view text) noexcept {
    constexpr std::size_t word_size = sizeof(std::uint64_t);
    const auto plain_at = [&](std::size_t at) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + at, word_size);
        return are_plain(word);
    };
    std::size_t i = 0;
    while (i + word_size <= text.size() && plain_at(i)) {
        i += word_size;
    }
    // The last word of the text covers a rest of less than one.
    if (i != 0 && i + word_size > text.size() && plain_at(text.size() - word_size)) {
        return text.size();
    }
    while (i < text.size() && is_plain(text[i])) {
        ++i;
    }
    return i;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t plain = plain_prefix(text.substr(i));
        out.append(text.data() + i, plain);
        i += plain;
        if (i == text.size()) {
            break;
        }
        if (static_cast<unsigned char>(text[i]) < 0x80U) {
            append_escaped(out, text[i]);
            ++i;
            continue;
        }
        const std::uint32_t point = next_code_point(text, i);
        if (point < 0x10000U) {
            append_unit(out, point);
        } else {
            append_unit(out, 0xD800U + ((point - 0x10000U) >> 10U));
            append_unit(out, 0xDC00U + ((point - 0x10000U) & 0x3FFU));
        }
    }
    out += '"';
}

std::string json_string(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

void append_member_name(std::string& out, std::string_view name) {
    if (!out.empty() && out.back() != '{') {
        out += ", ";
    }
    append_json_string(out, name);
    out += ": ";
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
    append_member_name(out, name);
    append_json_string(out, text);
}

void append_member(std::string& out, std::string_view name, bool value) {
    append_raw_member(out, name, value ? "true" : "false");
}

void append_member(std::string& out, std::string_view name, std::int64_t value) {
    append_raw_member(out, name, std::to_string(value));
}

void append_raw_member(std::string& out, std::string_view name, std::string_view json) {
    append_member_name(out, name);
    out += json;
}

std::string to_base64(std::string_view bytes) {
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

bool from_base64(std::string_view text, std::string& bytes) {
    const std::size_t pad = std::min(text.find('='), text.size());
    if (text.size() % 4 != 0 || text.size() - pad > 2 ||
        text.find_first_not_of('=', pad) != std::string_view::npos ||
        text.find_first_of(" \t\r\n\v\f-") != std::string_view::npos) {
        return false;
    }
    bytes.resize(text.size() / 4 * 3 + 1);
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    if (size < 0) {
        return false;
    }
    bytes.resize(static_cast<std::size_t>(size) - (text.size() - pad));
    return true;
}

}  // namespace patchbay::agent_gateway
