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

bool is_line_break(char c) noexcept {
    return c == '\r' || c == '\n';
}

bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view left, std::string_view right) noexcept {
    return left.size() == right.size() &&
           std::equal(left.begin(), left.end(), right.begin(),
                      [](char a, char b) { return lower(a) == lower(b); });
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

void append_value(std::string& text, std::string_view value) {
    if (!is_ascii(value)) {
        std::string clean(value);
        std::replace_if(clean.begin(), clean.end(), is_line_break, ' ');
        text += encoded_word(is_utf8(clean) ? clean : latin1_to_utf8(clean));
        return;
    }
    const auto begin = static_cast<std::string::difference_type>(text.size());
    text += value;
    std::replace_if(text.begin() + begin, text.end(), is_line_break, ' ');
}

/// Length of the first line of `text`, its line break included.
std::size_t line_length(std::string_view text) noexcept {
    const std::size_t feed = std::min(text.find('\n'), text.size() - 1);
    const std::size_t carriage = text.substr(0, feed + 1).find('\r');
    const bool pair = carriage + 1 == feed && text[feed] == '\n';
    return carriage == std::string_view::npos || pair ? feed + 1 : carriage + 1;
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
    while (!value.empty() && is_blank(value.front())) {
        value.remove_prefix(1);
    }
    while (!value.empty() && is_line_break(value.back())) {
        value.remove_suffix(1);
    }
    return value;
}

}  // namespace

void append_header(std::string& text, const HttpHeaderView& header) {
    text.append(header.name).append(": ");
    append_value(text, header.value);
    text += '\n';
}

std::string headers_to_text(const std::vector<HttpHeaderView>& headers) {
    std::string text;
    append_headers(text, headers);
    return text;
}

void append_headers(std::string& text, const std::vector<HttpHeaderView>& headers) {
    for (const HttpHeaderView& header : headers) {
        append_header(text, header);
    }
    text += '\n';
}

std::optional<HttpHeaderView> HttpHeaderReader::next() noexcept {
    while (!rest_.empty()) {
        const std::string_view line = rest_.substr(0, line_length(rest_));
        const std::size_t colon = is_blank(line[0]) ? 0 : header_colon(line);
        if (colon == std::string_view::npos) {
            rest_ = {};
            break;
        }
        rest_.remove_prefix(line.size());
        if (colon == 0) {
            continue;  // no name, or the continuation of such a line
        }
        std::string_view value = line.substr(colon + 1);
        while (!rest_.empty() && is_blank(rest_[0])) {
            const std::size_t more = line_length(rest_);
            value = {value.data(), value.size() + more};
            rest_.remove_prefix(more);
        }
        return HttpHeaderView{line.substr(0, colon), trimmed_value(value)};
    }
    return std::nullopt;
}

std::vector<HttpHeaderView> headers_from_text(std::string_view text) {
    std::vector<HttpHeaderView> headers;
    read_headers(text, headers);
    return headers;
}

void read_headers(std::string_view text, std::vector<HttpHeaderView>& headers) {
    headers.clear();
    HttpHeaderReader reader(text);
    while (const auto header = reader.next()) {
        headers.push_back(*header);
    }
}

std::optional<std::string_view> find_header(std::string_view text, std::string_view name) noexcept {
    HttpHeaderReader reader(text);
    while (const auto header = reader.next()) {
        if (same_name(header->name, name)) {
            return header->value;
        }
    }
    return std::nullopt;
}

}  // namespace patchbay::protocols
