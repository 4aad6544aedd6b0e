// SPDX-License-Identifier: Apache-2.0
#include <patchbay/public_id.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace patchbay {

namespace {

constexpr std::size_t simple_id_limit = 128;

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool is_lower(char c) noexcept {
    return c >= 'a' && c <= 'z';
}

constexpr std::array<bool, 256> belongs_to_simple_id = [] {
    std::array<bool, 256> table{};
    for (std::size_t c = 0; c < table.size(); ++c) {
        table[c] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    }
    return table;
}();

bool is_alphanumeric(char c) noexcept {
    return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z');
}

/// Position after the simple id that begins at `at`; `at` itself when none does, or a too long one.
std::size_t simple_id_end(std::string_view text, std::size_t at) noexcept {
    std::size_t end = at;
    while (end < text.size() && belongs_to_simple_id[static_cast<unsigned char>(text[end])]) {
        ++end;
    }
    return end == at || is_digit(text[at]) || end - at > simple_id_limit ? at : end;
}

/// Three numbers and nothing else, as nearly all versions are.
bool is_plain_version(std::string_view text) noexcept {
    std::size_t at = 0;
    for (int part = 0; part < 3; ++part) {
        const std::size_t begin = at;
        while (at < text.size() && is_digit(text[at])) {
            ++at;
        }
        if (at == begin || (at - begin > 1 && text[begin] == '0')) {
            return false;
        }
        if (part < 2 && (at == text.size() || text[at++] != '.')) {
            return false;
        }
    }
    return at == text.size();
}

/// One of the three numbers of a semantic version: no leading zero.
bool is_plain_number(std::string_view text) noexcept {
    return !text.empty() && (text.size() == 1 || text[0] != '0') &&
           std::all_of(text.begin(), text.end(), is_digit);
}

/// Dot-separated identifiers after `-` (where numeric ones have no leading zero) or after `+`.
bool are_identifiers(std::string_view text, bool numbers_are_plain) noexcept {
    while (true) {
        const std::size_t dot = text.find('.');
        const std::string_view part = text.substr(0, dot);
        if (part.empty() || !std::all_of(part.begin(), part.end(),
                                         [](char c) { return is_alphanumeric(c) || c == '-'; })) {
            return false;
        }
        if (numbers_are_plain && std::all_of(part.begin(), part.end(), is_digit) &&
            !is_plain_number(part)) {
            return false;
        }
        if (dot == std::string_view::npos) {
            return true;
        }
        text.remove_prefix(dot + 1);
    }
}

bool is_semantic_version(std::string_view text) noexcept {
    const std::size_t plus = text.find('+');
    if (plus != std::string_view::npos) {
        if (!are_identifiers(text.substr(plus + 1), false)) {
            return false;
        }
        text = text.substr(0, plus);
    }
    const std::size_t hyphen = text.find('-');
    if (hyphen != std::string_view::npos) {
        if (!are_identifiers(text.substr(hyphen + 1), true)) {
            return false;
        }
        text = text.substr(0, hyphen);
    }
    const std::size_t first = text.find('.');
    if (first == std::string_view::npos) {
        return false;
    }
    const std::size_t second = text.find('.', first + 1);
    return second != std::string_view::npos && is_plain_number(text.substr(0, first)) &&
           is_plain_number(text.substr(first + 1, second - first - 1)) &&
           is_plain_number(text.substr(second + 1));
}

bool is_package_hash(std::string_view text) noexcept {
    const bool version_0 = text.size() == 46 && text.substr(0, 2) == "Qm";
    const bool version_1 = text.size() == 59 && text.substr(0, 2) == "ba";
    return (version_0 || version_1) && std::all_of(text.begin(), text.end(), is_alphanumeric);
}

}  // namespace

bool is_simple_id(std::string_view text) noexcept {
    return !text.empty() && simple_id_end(text, 0) == text.size();
}

bool is_version(std::string_view text) noexcept {
    return is_plain_version(text) || text == "any" || text == latest_version ||
           is_semantic_version(text);
}

std::optional<PublicIdView> view_public_id(std::string_view text) noexcept {
    const std::size_t slash = simple_id_end(text, 0);
    if (slash == 0 || slash == text.size() || text[slash] != '/') {
        return std::nullopt;
    }
    if (text.back() == '\n') {
        text.remove_suffix(1);
    }
    const std::size_t colon = simple_id_end(text, slash + 1);
    if (colon == slash + 1) {
        return std::nullopt;
    }
    PublicIdView id;
    id.author = text.substr(0, slash);
    id.name = text.substr(slash + 1, colon - slash - 1);
    if (colon == text.size()) {
        return id;
    }
    if (text[colon] != ':') {
        return std::nullopt;
    }
    text.remove_prefix(colon + 1);
    if (is_plain_version(text)) {
        id.version = text;
        return id;
    }
    const std::size_t second = text.find(':');
    const std::string_view first = text.substr(0, second);
    if (second == std::string_view::npos && is_package_hash(first)) {
        id.hash = first;
        return id;
    }
    if (!is_version(first)) {
        return std::nullopt;
    }
    id.version = first;
    if (second != std::string_view::npos) {
        id.hash = text.substr(second + 1);
        if (!is_package_hash(id.hash)) {
            return std::nullopt;
        }
    }
    return id;
}

bool is_public_id(std::string_view text) noexcept {
    return view_public_id(text).has_value();
}

Result<PublicId> PublicId::parse(std::string_view text) {
    const auto view = view_public_id(text);
    if (!view) {
        constexpr std::size_t shown = 200;
        return failure(ErrorClass::invalid, "public_id.malformed",
                       "'" + std::string(text.substr(0, shown)) +
                           "' is not a public id; expected author/name[:version][:hash] in lower "
                           "case, with a version such as 1.0.0, 'latest' or 'any'");
    }
    PublicId id{std::string(view->author), std::string(view->name)};
    if (!view->version.empty()) {
        id.version = view->version;
    }
    id.hash = view->hash;
    return id;
}

std::string PublicId::to_string() const {
    return patchbay::to_string(PublicIdView{author, name, version, hash});
}

std::size_t printed_size(const PublicIdView& id) noexcept {
    const std::size_t version = id.version.empty() ? latest_version.size() : id.version.size();
    return id.author.size() + 1 + id.name.size() + 1 + version +
           (id.hash.empty() ? 0 : 1 + id.hash.size());
}

std::string to_string(const PublicIdView& id) {
    std::string text;
    text.reserve(printed_size(id));
    text.append(id.author).append(1, '/').append(id.name).append(1, ':');
    text.append(id.version.empty() ? latest_version : id.version);
    if (!id.hash.empty()) {
        text.append(1, ':').append(id.hash);
    }
    return text;
}

}  // namespace patchbay
