// SPDX-License-Identifier: Apache-2.0
#include "config/identifier_rules.hpp"

#include <patchbay/public_id.hpp>

#include <algorithm>
#include <array>
#include <chrono>

namespace patchbay::config {
namespace {

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}
bool is_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    return text;
}

/// Takes digits from the front; false when there are none.
bool take_number(std::string_view& text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    const auto count = static_cast<std::size_t>(end - text.begin());
    text.remove_prefix(count);
    return count > 0;
}

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) {
        return false;
    }
    text.remove_prefix(prefix.size());
    return true;
}

/// [N!]N(.N)*[{a|b|rc}N][.postN][.devN], the normal form of PEP 440.
bool is_pep440_version(std::string_view text) {
    std::string_view rest = text;
    if (take_number(rest) && take(rest, "!")) {
        text = rest;
    }
    if (!take_number(text)) {
        return false;
    }
    while (text.size() > 1 && text[0] == '.' && is_digit(text[1])) {
        text.remove_prefix(1);
        take_number(text);
    }
    if ((take(text, "rc") || take(text, "a") || take(text, "b")) && !take_number(text)) {
        return false;
    }
    if (take(text, ".post") && !take_number(text)) {
        return false;
    }
    if (take(text, ".dev") && !take_number(text)) {
        return false;
    }
    return text.empty();
}

/// "..", or a drive letter, or a root.
bool leaves_folder(std::string_view path) {
    if (path.starts_with('/') || path.find(':') != std::string_view::npos ||
        path.find('\\') != std::string_view::npos) {
        return true;
    }
    while (true) {
        const auto end = path.find('/');
        if (path.substr(0, end) == "..") {
            return true;
        }
        if (end == std::string_view::npos) {
            return false;
        }
        path.remove_prefix(end + 1);
    }
}

}  // namespace

std::optional<std::string> public_id_problem(std::string_view text) {
    const auto id = view_public_id(text);
    if (!id || text.ends_with('\n')) {
        return "must be a public id (`author/name:version`, in lower case)";
    }
    if (id->version == "any" || id->version == "latest") {
        return "must name a version like `0.1.0`, not `" + std::string(id->version) + '`';
    }
    return std::nullopt;
}

std::optional<std::string> simple_id_problem(std::string_view text) {
    if (is_simple_id(text) && !text.ends_with('\n')) {
        return std::nullopt;
    }
    return "must be a lower-case letter or `_`, followed by at most 127 of a-z, 0-9 and `_`";
}

std::optional<std::string> version_problem(std::string_view text) {
    if (is_version(text) && text != "any" && text != "latest" && !text.ends_with('\n')) {
        return std::nullopt;
    }
    return "must be a version like `0.1.0` (MAJOR.MINOR.PATCH)";
}

std::optional<std::string> version_specifiers_problem(std::string_view text) {
    static constexpr std::array<std::string_view, 7> operators{
        "~=", "==", ">=", "<=", "!=", "<", ">"};
    const std::string reason =
        "must be a version (`2.0.0`) or a comma list of version specifiers (`>=2.0.0, <3.0.0`)";
    const bool is_list = text.find(',') != std::string_view::npos;
    while (true) {
        const auto comma = text.find(',');
        std::string_view part = trimmed(text.substr(0, comma));
        const bool has_operator = std::any_of(operators.begin(), operators.end(),
                                              [&part](auto sign) { return take(part, sign); });
        if ((is_list && !has_operator) || !is_pep440_version(trimmed(part))) {
            return reason;
        }
        if (comma == std::string_view::npos) {
            return std::nullopt;
        }
        text.remove_prefix(comma + 1);
    }
}

std::optional<std::string> class_name_problem(std::string_view text) {
    const bool good = !text.empty() && text.size() <= 128 && !is_digit(text.front()) &&
                      std::all_of(text.begin(), text.end(), [](char letter) {
                          return is_letter(letter) || is_digit(letter) || letter == '_';
                      });
    return good ? std::nullopt
                : std::optional<std::string>(
                      "must be a letter or `_`, followed by at most 127 letters, digits and `_`");
}

std::optional<std::string> date_problem(std::string_view text) {
    const std::string reason = "must be a day written as YYYY-MM-DD";
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') {
        return reason;
    }
    int parts[3]{};
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (at == 4 || at == 7) {
            continue;
        }
        if (!is_digit(text[at])) {
            return reason;
        }
        int& part = parts[at < 4 ? 0 : at < 7 ? 1 : 2];
        part = part * 10 + (text[at] - '0');
    }
    const std::chrono::year_month_day day{std::chrono::year(parts[0]),
                                          std::chrono::month(static_cast<unsigned>(parts[1])),
                                          std::chrono::day(static_cast<unsigned>(parts[2]))};
    return day.ok() ? std::nullopt : std::optional<std::string>(reason + " that the calendar has");
}

std::optional<std::string> inner_path_problem(std::string_view text) {
    if (text.empty() || leaves_folder(text)) {
        return "must be a path inside the folder: relative, with `/`, without `..`";
    }
    return std::nullopt;
}

}  // namespace patchbay::config
