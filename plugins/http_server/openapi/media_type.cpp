// SPDX-License-Identifier: Apache-2.0
#include "openapi/media_type.hpp"

#include <algorithm>

namespace patchbay::openapi {
namespace {

/// Characters of a token (RFC 9110, section 5.6.2).
bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return result;
}

std::string_view trimmed(std::string_view text) {
    const auto first = std::min(text.find_first_not_of(" \t"), text.size());
    text.remove_prefix(first);
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

}  // namespace

std::optional<MediaType> MediaType::parse(std::string_view text) {
    text = trimmed(text.substr(0, text.find(';')));
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos || !is_token(text.substr(0, slash)) ||
        !is_token(text.substr(slash + 1))) {
        return std::nullopt;
    }
    return MediaType{lower(text.substr(0, slash)), lower(text.substr(slash + 1))};
}

int MediaType::match(const MediaType& concrete) const {
    if (type == "*") {
        return subtype == "*" ? 1 : 0;
    }
    if (type != concrete.type) {
        return 0;
    }
    return subtype == "*" ? 2 : subtype == concrete.subtype ? 3 : 0;
}

ContentKind MediaType::kind() const {
    if (subtype.ends_with("+json") ||
        (subtype == "json" && (type == "application" || type == "text"))) {
        return ContentKind::json;
    }
    if (type == "application" && subtype == "x-www-form-urlencoded") {
        return ContentKind::form;
    }
    return type == "text" ? ContentKind::text : ContentKind::other;
}

}  // namespace patchbay::openapi
