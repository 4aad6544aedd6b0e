// SPDX-License-Identifier: Apache-2.0
#include <patchbay/protocols/http_headers.hpp>
#include <patchbay/utf8.hpp>

#include <algorithm>
#include <cstddef>

namespace patchbay::protocols {

namespace {

bool is_ascii(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80U; });
}

std::string latin1_to_utf8(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80U) {
            result += c;
        } else {
            result += static_cast<char>(0xC0U | (byte >> 6U));
            result += static_cast<char>(0x80U | (byte & 0x3FU));
        }
    }
    return result;
}

/// Bytes that stand for themselves in the Q encoding of Python's email package.
bool is_q_safe(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-!*+/").find(c) != std::string_view::npos;
}

std::string q_encoded(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (const char c : bytes) {
        if (is_q_safe(c)) {
            result += c;
        } else if (c == ' ') {
            result += '_';
        } else {
            const auto byte = static_cast<unsigned char>(c);
            result += '=';
            result += digits[byte >> 4U];
            result += digits[byte & 15U];
        }
    }
    return result;
}

std::string base64_encoded(std::string_view bytes) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string result;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        unsigned int group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            group = group << 8U | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            result += k <= count ? alphabet[(group >> (18U - 6U * k)) & 63U] : '=';
        }
    }
    return result;
}

/// One RFC 2047 encoded word, in the shorter of its two encodings, Q when they are equally long.
std::string encoded_word(std::string_view utf8) {
    const std::string base64 = base64_encoded(utf8);
    const std::string q = q_encoded(utf8);
    return base64.size() < q.size() ? "=?utf-8?b?" + base64 + "?=" : "=?utf-8?q?" + q + "?=";
}

bool is_one_ascii_line(std::string_view text) noexcept {
    return std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x80U || c == '\r' || c == '\n';
    });
}

void append_value(std::string& text, std::string_view value) {
    if (is_one_ascii_line(value)) {
        text += value;
        return;
    }
    std::string clean(value);
    std::replace_if(
        clean.begin(), clean.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
    if (is_ascii(clean)) {
        text += clean;
    } else {
        text += encoded_word(is_utf8(clean) ? clean : latin1_to_utf8(clean));
    }
}

/// Length of the first line of `text`, its line break included.
std::size_t line_length(std::string_view text) noexcept {
    const std::size_t end = text.find_first_of("\r\n");
    if (end == std::string_view::npos) {
        return text.size();
    }
    const bool two = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
    return end + (two ? 2 : 1);
}

/// Position of the colon when the line is `Name:...` with a name of visible ASCII, maybe empty.
std::size_t header_colon(std::string_view line) noexcept {
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == ':') {
            return i;
        }
        if (line[i] <= ' ' || line[i] > '~') {
            break;
        }
    }
    return std::string_view::npos;
}

std::string_view trimmed_value(std::string_view value) noexcept {
    const std::size_t first = value.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    const std::size_t last = value.find_last_not_of("\r\n");
    return last == std::string_view::npos || last < first ? std::string_view()
                                                          : value.substr(first, last - first + 1);
}

}  // namespace

std::string headers_to_text(const std::vector<HttpHeaderView>& headers) {
    std::string text;
    append_headers(text, headers);
    return text;
}

void append_headers(std::string& text, const std::vector<HttpHeaderView>& headers) {
    for (const HttpHeaderView& header : headers) {
        text.append(header.name).append(": ");
        append_value(text, header.value);
        text += '\n';
    }
    text += '\n';
}

std::vector<HttpHeaderView> headers_from_text(std::string_view text) {
    std::vector<HttpHeaderView> headers;
    read_headers(text, headers);
    return headers;
}

void read_headers(std::string_view text, std::vector<HttpHeaderView>& headers) {
    headers.clear();
    bool continues = false;  // a header stands before the next line
    std::string_view raw;    // its value so far, with every line break
    const auto close = [&] {
        if (continues) {
            headers.back().value = trimmed_value(raw);
        }
        continues = false;
    };
    while (!text.empty()) {
        const std::string_view line = text.substr(0, line_length(text));
        text.remove_prefix(line.size());
        if (line[0] == ' ' || line[0] == '\t') {
            if (continues) {
                raw = {raw.data(), raw.size() + line.size()};
            }
            continue;
        }
        const std::size_t colon = header_colon(line);
        if (colon == std::string_view::npos) {
            break;
        }
        close();
        if (colon != 0) {
            headers.push_back({line.substr(0, colon), {}});
            raw = line.substr(colon + 1);
            continues = true;
        }
    }
    close();
}

}  // namespace patchbay::protocols
