// SPDX-License-Identifier: Apache-2.0
#include "openapi/format.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace patchbay::openapi {
namespace {

constexpr std::array<std::pair<std::string_view, Format>, 7> names{{
    {"date", Format::date},
    {"date-time", Format::date_time},
    {"uuid", Format::uuid},
    {"byte", Format::byte},
    {"email", Format::email},
    {"int32", Format::int32},
    {"int64", Format::int64},
}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex_digit(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Does `text` look like `shape`, in which 0 stands for a digit?
bool has_shape(std::string_view text, std::string_view shape) {
    return std::equal(text.begin(), text.end(), shape.begin(), shape.end(),
                      [](char c, char s) { return s == '0' ? is_digit(c) : c == s; });
}

/// The number of `count` digits at `at`.
int number(std::string_view text, std::size_t at, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(at, count)) {
        value = value * 10 + (c - '0');
    }
    return value;
}

bool is_date(std::string_view text) {
    if (!has_shape(text, "0000-00-00")) {
        return false;
    }
    constexpr std::array<int, 12> days{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int year = number(text, 0, 4);
    const int month = number(text, 5, 2);
    const int day = number(text, 8, 2);
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month >= 1 && month <= 12 && day >= 1 &&
           day <= days[static_cast<std::size_t>(month - 1)] && (month != 2 || day != 29 || leap);
}

/// "Z" or an offset like "+02:00".
bool is_zone(std::string_view text) {
    if (text == "Z" || text == "z") {
        return true;
    }
    return (has_shape(text, "+00:00") || has_shape(text, "-00:00")) && number(text, 1, 2) <= 23 &&
           number(text, 4, 2) <= 59;
}

bool is_time(std::string_view text) {
    if (!has_shape(text.substr(0, 8), "00:00:00") || number(text, 0, 2) > 23 ||
        number(text, 3, 2) > 59 || number(text, 6, 2) > 60) {  // 60: a leap second
        return false;
    }
    text.remove_prefix(8);
    if (text.starts_with('.')) {
        const std::size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
        if (end == 1) {
            return false;
        }
        text.remove_prefix(end);
    }
    return is_zone(text);
}

bool is_date_time(std::string_view text) {
    return text.size() > 11 && (text[10] == 'T' || text[10] == 't') &&
           is_date(text.substr(0, 10)) && is_time(text.substr(11));
}

bool is_uuid(std::string_view text) {
    constexpr std::string_view shape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    return std::equal(text.begin(), text.end(), shape.begin(), shape.end(),
                      [](char c, char s) { return s == 'x' ? is_hex_digit(c) : c == s; });
}

bool is_base64(std::string_view text) {
    if (text.size() % 4 != 0) {
        return false;
    }
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) {
        text.remove_suffix(1);
    }
    return std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
               c == '/';
    });
}

bool is_email(std::string_view text) {
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == text.size()) {
        return false;
    }
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; }) &&
           text[at + 1] != '.' && text.back() != '.';
}

}  // namespace

std::optional<Format> format_named(std::string_view name) {
    for (const auto& [known, format] : names) {
        if (known == name) {
            return format;
        }
    }
    return std::nullopt;
}

bool has_format(std::string_view text, Format format) {
    switch (format) {
        case Format::date:
            return is_date(text);
        case Format::date_time:
            return is_date_time(text);
        case Format::uuid:
            return is_uuid(text);
        case Format::byte:
            return is_base64(text);
        case Format::email:
            return is_email(text);
        case Format::int32:
        case Format::int64:
            return true;
    }
    return true;
}

bool has_format(double integer, Format format) {
    constexpr double two_to_31 = 2147483648.0;
    constexpr double two_to_63 = 9223372036854775808.0;
    switch (format) {
        case Format::int32:
            return integer >= -two_to_31 && integer < two_to_31;
        case Format::int64:
            return integer >= -two_to_63 && integer < two_to_63;
        default:
            return true;
    }
}

std::string_view describe(Format format) {
    switch (format) {
        case Format::date:
            return "a date like 2024-02-29";
        case Format::date_time:
            return "a time like 2024-02-29T12:00:00Z";
        case Format::uuid:
            return "a UUID";
        case Format::byte:
            return "base64";
        case Format::email:
            return "an e-mail address";
        case Format::int32:
            return "an integer of 32 bits";
        case Format::int64:
            return "an integer of 64 bits";
    }
    return "something else";
}

}  // namespace patchbay::openapi
