// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_scalar.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace patchbay::config {
namespace {

bool is_decimal_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

bool is_hex_digit(char letter) {
    return is_decimal_digit(letter) || (letter >= 'a' && letter <= 'f') ||
           (letter >= 'A' && letter <= 'F');
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_decimal_digit);
}

template <std::size_t count>
bool one_of(std::string_view text, const std::string_view (&words)[count]) {
    return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

/// [0-9]+(\.[0-9]*)? or \.[0-9]+, then ([eE][-+]?[0-9]+)?; the sign is already gone.
bool is_float(std::string_view text) {
    std::size_t at = 0;
    const auto digits = [&text, &at] {
        const std::size_t start = at;
        while (at < text.size() && is_decimal_digit(text[at])) {
            ++at;
        }
        return at - start;
    };
    const std::size_t whole = digits();
    std::size_t fraction = 0;
    if (at < text.size() && text[at] == '.') {
        ++at;
        fraction = digits();
    }
    if (whole == 0 && fraction == 0) {
        return false;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
            ++at;
        }
        if (digits() == 0) {
            return false;
        }
    }
    return at == text.size();
}

tl::unexpected<Error> refuse(std::string_view text, std::string_view reason) {
    return failure(ErrorClass::invalid, "yaml.number",
                   '`' + std::string(text) + "` " + std::string(reason));
}

/// `digits` without sign and prefix.
Result<Value> integer(std::string_view text, std::string_view digits, bool negative, int base) {
    std::string signed_digits(negative ? 1 : 0, '-');
    signed_digits += digits;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(
        signed_digits.data(), signed_digits.data() + signed_digits.size(), number, base);
    if (error != std::errc() || end != signed_digits.data() + signed_digits.size()) {
        return refuse(text, "does not fit into a 64-bit integer; put it in quotes if it is text");
    }
    return Value(number);
}

}  // namespace

Result<Value> resolve_plain_scalar(std::string_view text) {
    if (one_of(text, {"", "~", "null", "Null", "NULL"})) {
        return Value();
    }
    if (one_of(text, {"true", "True", "TRUE"})) {
        return Value(true);
    }
    if (one_of(text, {"false", "False", "FALSE"})) {
        return Value(false);
    }
    if (one_of(text, {".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF",
                      "-.inf", "-.Inf", "-.INF"})) {
        return refuse(text, "is not a finite number");
    }
    if (text.size() > 2 && text.substr(0, 2) == "0x" &&
        std::all_of(text.begin() + 2, text.end(), is_hex_digit)) {
        return integer(text, text.substr(2), false, 16);
    }
    if (text.size() > 2 && text.substr(0, 2) == "0o" && all_digits(text.substr(2))) {
        return refuse(text, "is an octal number; write it in decimal, or in quotes if it is text");
    }
    const bool has_sign = text.front() == '-' || text.front() == '+';
    const std::string_view digits = has_sign ? text.substr(1) : text;
    if (all_digits(digits)) {
        if (digits.size() > 1 && digits.front() == '0') {
            return refuse(text,
                          "has a leading zero, which some YAML readers take for octal; write it "
                          "without the zero, or in quotes if it is text");
        }
        return integer(text, digits, text.front() == '-', 10);
    }
    if (is_float(digits)) {
        const std::string_view number = text.front() == '+' ? digits : text;
        double value = 0;
        const auto [end, error] =
            std::from_chars(number.data(), number.data() + number.size(), value);
        if (error != std::errc() || end != number.data() + number.size()) {
            return refuse(text, "is outside the range of a floating-point number");
        }
        return Value(value);
    }
    return Value(std::string(text));
}

}  // namespace patchbay::config
