// SPDX-License-Identifier: Apache-2.0
#include "openapi/yaml_scalar.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string>

namespace patchbay::openapi {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

/// The whole of `text` as an integer of `base`.
std::optional<std::int64_t> integer(std::string_view text, int base) {
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

/// Digits with an optional point and exponent, as the core schema writes them; the sign is gone.
bool looks_like_number(std::string_view text) {
    std::size_t digits = 0;
    std::size_t at = 0;
    const auto skip_digits = [&text, &at] {
        const std::size_t start = at;
        at = std::min(text.find_first_not_of("0123456789", at), text.size());
        return at - start;
    };
    digits = skip_digits();
    if (at < text.size() && text[at] == '.') {
        ++at;
        digits += skip_digits();
    }
    if (digits != 0 && at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
            ++at;
        }
        digits = skip_digits();
    }
    return digits != 0 && at == text.size();
}

}  // namespace

std::optional<Node::Data> resolve_plain_scalar(std::string_view text) {
    if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) {
        return Node::Data();
    }
    if (is_one_of(text, {"true", "True", "TRUE"})) {
        return Node::Data(true);
    }
    if (is_one_of(text, {"false", "False", "FALSE"})) {
        return Node::Data(false);
    }
    const std::string_view unsigned_text =
        text.front() == '-' || text.front() == '+' ? text.substr(1) : text;
    if (is_one_of(text, {".nan", ".NaN", ".NAN"}) ||
        is_one_of(unsigned_text, {".inf", ".Inf", ".INF"})) {
        return std::nullopt;
    }
    for (const auto& [prefix, base] : {std::pair("0x", 16), std::pair("0o", 8)}) {
        if (text.starts_with(prefix)) {
            const auto value = integer(text.substr(2), base);
            return value && *value >= 0 ? Node::Data(*value) : Node::Data(std::string(text));
        }
    }
    if (!looks_like_number(unsigned_text)) {
        return Node::Data(std::string(text));
    }
    const std::string_view number = text.front() == '+' ? unsigned_text : text;
    if (const auto value = integer(number, 10)) {
        return Node::Data(*value);
    }
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    return error == std::errc() ? std::optional(Node::Data(value)) : std::nullopt;
}

}  // namespace patchbay::openapi
