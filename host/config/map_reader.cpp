// SPDX-License-Identifier: Apache-2.0
#include "config/map_reader.hpp"

#include "config/nearest.hpp"
#include "config/source_excerpt.hpp"
#include "config/yaml_scalar.hpp"

#include <algorithm>
#include <cmath>

namespace patchbay::config {
namespace {

std::string number_text(double number) {
    return to_json(Value(number));
}

/// Words that other readers of YAML take for booleans.
std::string boolean_advice(const Value& value) {
    if (!value.is_string()) {
        return {};
    }
    std::string word = value.string();
    std::transform(word.begin(), word.end(), word.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    if (word == "yes" || word == "on" || word == "y" || word == "true") {
        return "; write `true`";
    }
    if (word == "no" || word == "off" || word == "n" || word == "false") {
        return "; write `false`";
    }
    return {};
}

/// A number in quotes, or one that came out of an untyped placeholder.
std::string number_advice(const Value& value) {
    if (!value.is_string()) {
        return {};
    }
    const auto resolved = resolve_plain_scalar(value.string());
    return resolved && resolved->is_number()
               ? "; write it without quotes, or give the placeholder a type (`${NAME:int}`)"
               : std::string();
}

}  // namespace

std::string shown(const Value& value, std::string_view path) {
    constexpr std::size_t longest = 60;
    const auto key_start = path.rfind('.');
    const auto key = key_start == std::string_view::npos ? path : path.substr(key_start + 1);
    switch (value.kind()) {
        case Value::Kind::null:
        case Value::Kind::list:
        case Value::Kind::map:
            return std::string(describe(value.kind()));
        case Value::Kind::boolean:
        case Value::Kind::integer:
        case Value::Kind::floating:
            return is_secret_key(key) ? std::string(describe(value.kind()))
                                      : '`' + to_json(value) + '`';
        case Value::Kind::string:
            break;
    }
    if (is_secret_key(key)) {
        return "a string";
    }
    std::string text = value.string().substr(0, longest);
    if (text.size() < value.string().size()) {
        text += "...";
    }
    return "the string `" + text + '`';
}

MapReader::MapReader(const Value& value, std::string path, Problems& problems)
    : value_(value), path_(std::move(path)), problems_(problems) {
    if (!value_.is_map()) {
        if (path_.empty()) {
            problem(value_.location(), "config.wrong_type",
                    "the file must be a map of keys and values, but is " + shown(value_, ""));
        } else {
            wrong_type(value_, path_, "a map");
        }
    }
}

const Value* MapReader::member(std::string_view key) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
        known_.emplace_back(key);
    }
    return value_.find(key);
}

const Value* MapReader::required(std::string_view key) {
    const Value* found = member(key);
    if (found == nullptr && is_map()) {
        problem(value_.location(), "config.missing_key",
                "the key `" + path_of(key) + "` is missing");
    }
    return found;
}

void MapReader::read(std::string_view key, bool& target) {
    const Value* value = member(key);
    if (value == nullptr) {
        return;
    }
    if (value->is_boolean()) {
        target = value->boolean();
    } else {
        wrong_type(*value, path_of(key), "`true` or `false`");
        problems_.back().message += boolean_advice(*value);
    }
}

void MapReader::read(std::string_view key, std::string& target) {
    const Value* value = member(key);
    if (value == nullptr) {
        return;
    }
    if (value->is_string()) {
        target = value->string();
    } else {
        wrong_type(*value, path_of(key), "a string");
        if (value->is_number() || value->is_boolean()) {
            problems_.back().message += "; put it in quotes";
        }
    }
}

std::optional<std::int64_t> MapReader::integer(std::string_view key, std::uint64_t low,
                                               std::uint64_t high) {
    const Value* value = member(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (value->is_integer() && value->integer() >= 0 &&
        static_cast<std::uint64_t>(value->integer()) >= low &&
        static_cast<std::uint64_t>(value->integer()) <= high) {
        return value->integer();
    }
    wrong_type(*value, path_of(key),
               "an integer from " + std::to_string(low) + " to " + std::to_string(high));
    if (value->is_integer()) {
        problems_.back().code = "config.out_of_range";
    }
    problems_.back().message += number_advice(*value);
    return std::nullopt;
}

void MapReader::read(std::string_view key, std::uint32_t& target, Range<std::uint32_t> range) {
    if (const auto number = integer(key, range.low, range.high)) {
        target = static_cast<std::uint32_t>(*number);
    }
}

void MapReader::read(std::string_view key, std::uint64_t& target, Range<std::uint64_t> range) {
    if (const auto number = integer(key, range.low, range.high)) {
        target = static_cast<std::uint64_t>(*number);
    }
}

void MapReader::read(std::string_view key, double& target, Range<double> range) {
    const Value* value = member(key);
    if (value == nullptr) {
        return;
    }
    if (value->is_number() && value->number() >= range.low && value->number() <= range.high) {
        target = value->number();
        return;
    }
    wrong_type(*value, path_of(key),
               "a number from " + number_text(range.low) + " to " + number_text(range.high));
    if (value->is_number()) {
        problems_.back().code = "config.out_of_range";
    }
    problems_.back().message += number_advice(*value);
}

void MapReader::read(std::string_view key, Duration& target, Range<double> range) {
    double seconds = std::chrono::duration<double>(target).count();
    read(key, seconds, range);
    target = Duration(std::llround(seconds * 1000.0));
}

const Value::List& MapReader::items(std::string_view key) {
    static const Value::List nothing;
    const Value* value = member(key);
    if (value == nullptr) {
        return nothing;
    }
    if (!value->is_list()) {
        wrong_type(*value, path_of(key), "a list");
        return nothing;
    }
    return value->list();
}

void MapReader::section(std::string_view key, const std::function<void(MapReader&)>& use) {
    if (const Value* value = member(key)) {
        MapReader reader(*value, path_of(key), problems_);
        use(reader);
        reader.finish();
    }
}

std::string MapReader::path_of(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + '.' + std::string(key);
}

void MapReader::problem(const SourceLocation& location, std::string code, std::string message) {
    problems_.push_back(Error{ErrorClass::invalid, std::move(code), std::move(message), location});
}

void MapReader::wrong_type(const Value& value, const std::string& path, std::string_view expected) {
    problem(value.location(), "config.wrong_type",
            '`' + path + "` must be " + std::string(expected) + ", but is " + shown(value, path));
}

void MapReader::not_allowed(const Value& value, const std::string& path,
                            const std::vector<std::string>& allowed) {
    std::string list;
    for (const std::string& word : allowed) {
        list += (list.empty() ? "`" : ", `") + word + '`';
    }
    wrong_type(value, path, "one of " + list);
    problems_.back().code = "config.not_allowed";
    if (value.is_string()) {
        problems_.back().message += did_you_mean(value.string(), allowed);
    } else if (value.is_boolean() &&
               std::find(allowed.begin(), allowed.end(), "off") != allowed.end()) {
        problems_.back().message += "; a word in quotes is never a boolean";
    }
}

void MapReader::refuse(std::string_view key, const std::string& reason) {
    known_.emplace_back(key);
    if (!is_map()) {
        return;
    }
    for (const Member& member : value_.map()) {
        if (member.key == key) {
            problem(member.key_location, "config.not_allowed",
                    "the key `" + path_of(key) + "` " + reason);
        }
    }
}

void MapReader::finish() {
    if (!is_map()) {
        return;
    }
    for (const Member& member : value_.map()) {
        if (std::find(known_.begin(), known_.end(), member.key) == known_.end()) {
            problem(member.key_location, "config.unknown_key",
                    "the key `" + path_of(member.key) + "` is not known here" +
                        did_you_mean(member.key, known_));
        }
    }
}

}  // namespace patchbay::config
