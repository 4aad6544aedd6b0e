// SPDX-License-Identifier: Apache-2.0
#include "openapi/name_value_pairs.hpp"

#include "openapi/percent_coding.hpp"

#include <patchbay/utf8.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace patchbay::openapi {
namespace {

std::string_view without_blanks(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// Takes what is before `delimiter` off `rest`, and the delimiter.
std::string_view take(std::string_view& rest, char delimiter) {
    const std::string_view part = rest.substr(0, rest.find(delimiter));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    return part;
}

}  // namespace

bool split_query(std::string_view query, std::size_t max, Pairs& pairs) {
    while (!query.empty()) {
        std::string_view value = take(query, '&');
        if (value.empty()) {
            continue;
        }
        const std::string_view encoded = take(value, '=');
        auto name = is_plain(encoded) ? std::optional(std::string(encoded))
                                      : percent_decoded(encoded, Plus::is_space);
        if (!name || pairs.size() == max) {
            return false;
        }
        pairs.push_back({std::move(*name), value});
    }
    return true;
}

bool split_cookies(std::string_view header, std::size_t max, Pairs& pairs) {
    while (!header.empty()) {
        std::string_view value = without_blanks(take(header, ';'));
        if (value.empty()) {
            continue;
        }
        const std::string_view name = without_blanks(take(value, '='));
        value = without_blanks(value);
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
            value = value.substr(1, value.size() - 2);
        }
        if (pairs.size() == max || !is_utf8(name)) {
            return false;
        }
        pairs.push_back({std::string(name), value});
    }
    return true;
}

}  // namespace patchbay::openapi
