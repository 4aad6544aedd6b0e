// SPDX-License-Identifier: Apache-2.0
#include "plugins/version_rule.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace patchbay::plugins {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// The leading number of `text`, which is taken away; large ones saturate.
std::uint64_t take_number(std::string_view& text) {
    std::uint64_t number = 0;
    while (!text.empty() && is_digit(text.front())) {
        constexpr std::uint64_t bound = 100'000'000'000'000'000;
        number = number < bound ? number * 10 + static_cast<std::uint64_t>(text.front() - '0')
                                : bound * 10;
        text.remove_prefix(1);
    }
    return number;
}

struct Parsed {
    std::vector<std::uint64_t> release;
    /// "rc1", "alpha.2"; empty for a release.
    std::string_view pre;
};

Parsed parse(std::string_view text) {
    if (!text.empty() && (text.front() == 'v' || text.front() == 'V')) {
        text.remove_prefix(1);
    }
    text = text.substr(0, text.find('+'));
    Parsed parsed;
    while (!text.empty() && is_digit(text.front())) {
        parsed.release.push_back(take_number(text));
        if (text.size() > 1 && text.front() == '.' && is_digit(text[1])) {
            text.remove_prefix(1);
        }
    }
    while (!text.empty() && !is_letter(text.front()) && !is_digit(text.front())) {
        text.remove_prefix(1);
    }
    parsed.pre = text;
    return parsed;
}

/// Pre-releases: runs of digits compare as numbers, the rest as text.
int compare_pre(std::string_view left, std::string_view right) {
    if (left.empty() != right.empty()) {
        return left.empty() ? 1 : -1;
    }
    while (!left.empty() && !right.empty()) {
        if (is_digit(left.front()) && is_digit(right.front())) {
            const std::uint64_t l = take_number(left);
            const std::uint64_t r = take_number(right);
            if (l != r) {
                return l < r ? -1 : 1;
            }
        } else if (left.front() != right.front()) {
            return left.front() < right.front() ? -1 : 1;
        } else {
            left.remove_prefix(1);
            right.remove_prefix(1);
        }
    }
    return static_cast<int>(!left.empty()) - static_cast<int>(!right.empty());
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

bool has_prefix(std::string_view version, std::string_view prefix) {
    const Parsed whole = parse(version);
    const Parsed part = parse(prefix);
    for (std::size_t i = 0; i < part.release.size(); ++i) {
        if ((i < whole.release.size() ? whole.release[i] : 0) != part.release[i]) {
            return false;
        }
    }
    return true;
}

}  // namespace

int compare_versions(std::string_view left, std::string_view right) {
    const Parsed l = parse(left);
    const Parsed r = parse(right);
    for (std::size_t i = 0; i < std::max(l.release.size(), r.release.size()); ++i) {
        const std::uint64_t a = i < l.release.size() ? l.release[i] : 0;
        const std::uint64_t b = i < r.release.size() ? r.release[i] : 0;
        if (a != b) {
            return a < b ? -1 : 1;
        }
    }
    return compare_pre(l.pre, r.pre);
}

Result<VersionRule> VersionRule::parse(std::string_view text) {
    VersionRule rule;
    rule.text_ = text;
    std::string_view rest = trimmed(text);
    while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        std::string_view part = trimmed(rest.substr(0, comma));
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
        Specifier specifier;
        constexpr std::array<std::string_view, 9> relations{
            "===", "~=", "==", "!=", ">=", "<=", "<", ">", "="};
        for (const std::string_view relation : relations) {
            if (part.substr(0, relation.size()) == relation) {
                specifier.relation = relation;
                part = trimmed(part.substr(relation.size()));
                break;
            }
        }
        if (specifier.relation.empty() || specifier.relation == "=" ||
            specifier.relation == "===") {
            specifier.relation = "==";
        }
        if (part.size() > 2 && part.substr(part.size() - 2) == ".*") {
            specifier.any_suffix = true;
            part.remove_suffix(2);
        }
        const bool relation_allows =
            !specifier.any_suffix || specifier.relation == "==" || specifier.relation == "!=";
        const bool enough = specifier.relation != "~=" || part.find('.') != std::string_view::npos;
        if (part.empty() || !(is_digit(part.front()) || part.front() == 'v') || !relation_allows ||
            !enough || part.find_first_of(" \t<>=!~*") != std::string_view::npos) {
            return failure(ErrorClass::invalid, "version.malformed",
                           "`" + std::string(text) +
                               "` is not a version rule; expected for example `1.2.0` or "
                               "`>=1.2, <2`");
        }
        specifier.version = part;
        rule.specifiers_.push_back(std::move(specifier));
    }
    return rule;
}

bool VersionRule::holds(const Specifier& specifier, std::string_view version) {
    const int order = compare_versions(version, specifier.version);
    const std::string& relation = specifier.relation;
    if (relation == "==" || relation == "!=") {
        const bool same =
            specifier.any_suffix ? has_prefix(version, specifier.version) : order == 0;
        return same == (relation == "==");
    }
    if (relation == "~=") {
        const std::string& base = specifier.version;
        return order >= 0 && has_prefix(version, std::string_view(base).substr(0, base.rfind('.')));
    }
    return relation == ">="   ? order >= 0
           : relation == "<=" ? order <= 0
           : relation == ">"  ? order > 0
                              : order < 0;
}

bool VersionRule::accepts(std::string_view version) const {
    return std::all_of(specifiers_.begin(), specifiers_.end(),
                       [&](const Specifier& specifier) { return holds(specifier, version); });
}

}  // namespace patchbay::plugins
