// SPDX-License-Identifier: Apache-2.0
#include "config/placeholders.hpp"

#include "config/nearest.hpp"
#include "config/source_excerpt.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <vector>

namespace patchbay::config {
namespace {

constexpr std::size_t max_indexed_items = 10'000;

constexpr std::pair<std::string_view, PlaceholderType> type_words[]{
    {"str", PlaceholderType::str},      {"int", PlaceholderType::int_},
    {"float", PlaceholderType::float_}, {"bool", PlaceholderType::bool_},
    {"list", PlaceholderType::list},    {"dict", PlaceholderType::dict},
    {"none", PlaceholderType::none},
};

bool is_name_letter(char letter) {
    return (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') || letter == '_';
}

std::string upper(std::string_view text) {
    std::string result(text);
    for (char& letter : result) {
        if (letter >= 'a' && letter <= 'z') {
            letter = static_cast<char>(letter - 'a' + 'A');
        } else if (!is_name_letter(letter)) {
            letter = '_';
        }
    }
    return result;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& letter : result) {
        if (letter >= 'A' && letter <= 'Z') {
            letter = static_cast<char>(letter - 'A' + 'a');
        }
    }
    return result;
}

template <std::size_t count>
bool is_one_of(std::string_view text, const std::string_view (&words)[count]) {
    return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

std::string_view without_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string_view word_of(PlaceholderType type) {
    for (const auto& [word, meaning] : type_words) {
        if (meaning == type) {
            return word;
        }
    }
    return "text";
}

std::vector<std::string> all_type_words() {
    std::vector<std::string> words;
    for (const auto& [word, meaning] : type_words) {
        words.emplace_back(word);
    }
    return words;
}

tl::unexpected<Error> bad_form(std::string_view text, const std::string& reason) {
    return failure(ErrorClass::invalid, "placeholder.bad_form",
                   '`' + std::string(text.substr(0, 80)) + "` " + reason +
                       "; a placeholder is `${NAME:type:default}`, the whole value");
}

/// The value that a text has as this type; nothing when it has none.
std::optional<Value> convert(std::string_view text, PlaceholderType type,
                             const SourceLocation& location) {
    if (type == PlaceholderType::text) {
        return Value(std::string(text));
    }
    if (type == PlaceholderType::bool_) {
        const std::string word = lower(without_blanks(text));
        if (is_one_of(word, {"true", "t", "1", "yes", "y", "on"})) {
            return Value(true);
        }
        if (is_one_of(word, {"false", "f", "0", "no", "n", "off"})) {
            return Value(false);
        }
        return std::nullopt;
    }
    if (type == PlaceholderType::none || is_one_of(text, {"null", "Null", "None", "none"})) {
        return Value();
    }
    std::string_view number = without_blanks(text);
    if (number.starts_with('+') && !number.starts_with("+-")) {
        number.remove_prefix(1);
    }
    const char* const end = number.data() + number.size();
    switch (type) {
        case PlaceholderType::str:
            return Value(std::string(text));
        case PlaceholderType::int_: {
            std::int64_t value = 0;
            const auto [stop, error] = std::from_chars(number.data(), end, value);
            return error == std::errc() && stop == end ? std::optional<Value>(value) : std::nullopt;
        }
        case PlaceholderType::float_: {
            double value = 0;
            const auto [stop, error] = std::from_chars(number.data(), end, value);
            return error == std::errc() && stop == end && std::isfinite(value)
                       ? std::optional<Value>(value)
                       : std::nullopt;
        }
        default: {
            auto value = parse_json(text, location);
            const auto kind = type == PlaceholderType::list ? Value::Kind::list : Value::Kind::map;
            return value && value->kind() == kind ? std::optional(std::move(*value)) : std::nullopt;
        }
    }
}

/// NAME_0, NAME_1, ... as a list; nothing when there is no NAME_0. Each is JSON, else text.
std::optional<Value> indexed_list(const std::string& name, const Environment& environment,
                                  const SourceLocation& location) {
    Value::List items;
    while (items.size() < max_indexed_items) {
        const auto text = environment(name + '_' + std::to_string(items.size()));
        if (!text) {
            break;
        }
        auto item = parse_json(*text, location);
        items.push_back(item ? std::move(*item) : Value(*text));
        items.back().set_location(location);
    }
    return items.empty() ? std::nullopt : std::optional<Value>(Value(std::move(items)));
}

std::string what_is_expected(PlaceholderType type) {
    switch (type) {
        case PlaceholderType::int_:
            return "an integer";
        case PlaceholderType::float_:
            return "a number";
        case PlaceholderType::bool_:
            return "`true` or `false` (or yes, no, on, off, 1, 0)";
        case PlaceholderType::list:
            return "a JSON list";
        case PlaceholderType::dict:
            return "a JSON object";
        default:
            return "text";
    }
}

void fill_one(Value& value, const std::string& automatic_name, const Environment& environment,
              Problems& problems) {
    const SourceLocation location = value.location();
    auto parsed = parse_placeholder(value.string());
    if (!parsed) {
        parsed.error().location = location;
        problems.push_back(std::move(parsed.error()));
        return;
    }
    if (!*parsed) {
        std::string text = value.string();
        for (auto at = text.find("$${"); at != std::string::npos; at = text.find("$${", at + 2)) {
            text.erase(at, 1);
        }
        value = Value(std::move(text));
        value.set_location(location);
        return;
    }
    const Placeholder& placeholder = **parsed;
    const std::string& name = placeholder.name.empty() ? automatic_name : placeholder.name;
    const auto set = environment(name);
    std::optional<Value> result;
    if (!set && placeholder.type == PlaceholderType::list) {
        result = indexed_list(name, environment, location);
    }
    if (!result) {
        const auto& text = set ? set : placeholder.default_text;
        if (!text) {
            problems.push_back(Error{ErrorClass::invalid, "placeholder.missing_variable",
                                     "the environment variable `" + name +
                                         "` is not set, and the placeholder has no default",
                                     location});
            return;
        }
        result = convert(*text, placeholder.type, location);
        if (!result) {
            const bool hidden = is_secret_key(lower(name));
            problems.push_back(Error{
                ErrorClass::invalid, "placeholder.bad_value",
                (set ? "the environment variable `" + name + "`" : "the placeholder's default") +
                    " must be " + what_is_expected(placeholder.type) + " (`" +
                    std::string(word_of(placeholder.type)) + "`)" +
                    (hidden ? "" : ", but is `" + text->substr(0, 60) + '`'),
                location});
            return;
        }
    }
    value = std::move(*result);
    value.set_location(location);
}

}  // namespace

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        // The host reads its configuration before it starts threads of its own.
        const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
}

Result<std::optional<Placeholder>> parse_placeholder(std::string_view text) {
    if (!text.starts_with("${") || !text.ends_with('}')) {
        for (auto at = text.find("${"); at != std::string_view::npos;
             at = text.find("${", at + 2)) {
            if (at == 0 || text[at - 1] != '$') {
                return bad_form(text, "holds `${` (write `$${` when the text is meant)");
            }
        }
        return std::nullopt;
    }
    std::string_view content = text.substr(2, text.size() - 3);
    Placeholder placeholder;
    const auto name_end = std::find_if_not(content.begin(), content.end(), is_name_letter);
    const auto name_size = static_cast<std::size_t>(name_end - content.begin());
    placeholder.name = content.substr(0, name_size);
    content.remove_prefix(name_size);
    if (!placeholder.name.empty() && !content.empty()) {
        if (content.front() != ':') {
            return bad_form(text, "has a name with a letter that is not A-Z, 0-9 or `_`");
        }
        content.remove_prefix(1);
        if (content.empty()) {
            return bad_form(text, "ends with a colon");
        }
    }
    const auto colon = content.find(':');
    const std::string_view word = content.substr(0, colon);
    if (!word.empty()) {
        const auto* found = std::find_if(std::begin(type_words), std::end(type_words),
                                         [word](const auto& entry) { return entry.first == word; });
        if (found == std::end(type_words)) {
            const std::string advice = colon == std::string_view::npos && !placeholder.name.empty()
                                           ? "; a default comes after two colons (`${" +
                                                 placeholder.name + "::" + std::string(word) + "}`)"
                                           : did_you_mean(word, all_type_words());
            return bad_form(text, "has `" + std::string(word) +
                                      "` where one of str, int, float, bool, list, dict, none "
                                      "belongs" +
                                      advice);
        }
        placeholder.type = found->second;
    } else if (placeholder.name.empty() && colon != std::string_view::npos) {
        return bad_form(text, "begins with a colon");
    }
    if (colon != std::string_view::npos) {
        if (colon + 1 == content.size()) {
            return bad_form(text, "has an empty default");
        }
        placeholder.default_text = content.substr(colon + 1);
    }
    return placeholder;
}

void fill_placeholders(Value& value, const std::string& automatic_name,
                       const Environment& environment, Problems& problems) {
    switch (value.kind()) {
        case Value::Kind::string:
            if (value.string().find("${") != std::string::npos) {
                fill_one(value, automatic_name, environment, problems);
            }
            break;
        case Value::Kind::list:
            for (std::size_t at = 0; at < value.list().size(); ++at) {
                fill_placeholders(value.list()[at], automatic_name + '_' + std::to_string(at),
                                  environment, problems);
            }
            break;
        case Value::Kind::map:
            for (Member& member : value.map()) {
                fill_placeholders(member.value, automatic_name + '_' + upper(member.key),
                                  environment, problems);
            }
            break;
        default:
            break;
    }
}

}  // namespace patchbay::config
