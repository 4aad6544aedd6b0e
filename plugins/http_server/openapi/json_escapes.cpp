// SPDX-License-Identifier: Apache-2.0
#include "openapi/json_escapes.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>

namespace patchbay::openapi {
namespace {

constexpr std::size_t escape_size = 6;  // \uXXXX
constexpr std::size_t pair_size = 2 * escape_size;
constexpr std::size_t joined_size = 10;  // \UXXXXXXXX

/// The number of the `\uXXXX` at the beginning of `text`.
std::optional<std::uint32_t> escaped_unit(std::string_view text) {
    if (text.size() < escape_size || text[0] != '\\' || text[1] != 'u') {
        return std::nullopt;
    }
    std::uint32_t unit = 0;
    const char* const end = text.data() + escape_size;
    const auto [stop, error] = std::from_chars(text.data() + 2, end, unit, 16);
    return error == std::errc() && stop == end ? std::optional(unit) : std::nullopt;
}

/// The character that the surrogates at the beginning of `text` stand for.
std::optional<std::uint32_t> surrogate_pair(std::string_view text) {
    const auto high = escaped_unit(text);
    if (!high || *high < 0xD800 || *high > 0xDBFF) {
        return std::nullopt;
    }
    const auto low = escaped_unit(text.substr(escape_size));
    if (!low || *low < 0xDC00 || *low > 0xDFFF) {
        return std::nullopt;
    }
    return 0x10000 + ((*high - 0xD800) << 10U) + (*low - 0xDC00);
}

}  // namespace

std::size_t JoinedEscapes::shortened_between(std::size_t from, std::size_t to) const {
    const auto first = std::upper_bound(rewritten.begin(), rewritten.end(), from);
    const auto last = std::upper_bound(first, rewritten.end(), to);
    return static_cast<std::size_t>(last - first) * (pair_size - joined_size);
}

JoinedEscapes join_surrogates(std::string_view text) {
    JoinedEscapes result;
    const std::size_t start = text.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos || text[start] != '{') {
        result.text = text;
        return result;
    }
    result.text.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '\\') {
            const std::size_t next = std::min(text.find('\\', at), text.size());
            result.text += text.substr(at, next - at);
            at = next;
        } else if (const auto character = surrogate_pair(text.substr(at))) {
            char joined[joined_size + 1];
            std::snprintf(joined, sizeof joined, "\\U%08x", static_cast<unsigned>(*character));
            result.text += joined;
            result.rewritten.push_back(result.text.size());
            at += pair_size;
        } else {  // the escaped character must not be taken for the beginning of an escape
            result.text += text.substr(at, 2);
            at += 2;
        }
    }
    return result;
}

}  // namespace patchbay::openapi
