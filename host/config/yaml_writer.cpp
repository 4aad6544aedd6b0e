// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_writer.hpp"

#include "config/yaml_scalar.hpp"

#include <algorithm>
#include <string_view>

namespace patchbay::config {
namespace {

bool is_ascii_letter(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}

bool is_plain_letter(char letter) {
    return is_ascii_letter(letter) || (letter >= '0' && letter <= '9') ||
           std::string_view("_/.-+@").find(letter) != std::string_view::npos;
}

/// Words that YAML 1.1 takes for booleans.
bool is_old_boolean(std::string_view text) {
    std::string word(text);
    std::transform(word.begin(), word.end(), word.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return word == "yes" || word == "no" || word == "on" || word == "off" || word == "y" ||
           word == "n";
}

bool is_safe_plain(std::string_view text) {
    if (text.empty() ||
        (!is_ascii_letter(text.front()) && text.front() != '_' && text.front() != '/')) {
        return false;
    }
    // A public id holds one colon before a digit, which is text to every reader.
    std::string letters(text);
    if (const auto colon = letters.find(':');
        colon != std::string::npos && colon + 1 < letters.size() && letters[colon + 1] >= '0' &&
        letters[colon + 1] <= '9' && letters.find('/') < colon) {
        letters.erase(colon, 1);
    }
    const auto resolved = resolve_plain_scalar(text);
    return std::all_of(letters.begin(), letters.end(), is_plain_letter) && resolved &&
           resolved->is_string() && !is_old_boolean(text);
}

std::string scalar(const Value& value) {
    return value.is_string() && is_safe_plain(value.string()) ? value.string() : to_json(value);
}

std::string key_text(const std::string& key) {
    return scalar(Value(key));
}

bool is_block(const Value& value) {
    return (value.is_map() && !value.map().empty()) || (value.is_list() && !value.list().empty());
}

/// `first` stands where the line has already been begun ("- ").
void write(std::string& out, const Value& value, std::size_t indent, bool begun) {
    const auto start_line = [&out, indent, &begun] {
        if (!begun) {
            out.append(indent, ' ');
        }
        begun = false;
    };
    if (!is_block(value)) {
        start_line();
        out += scalar(value) + '\n';
    } else if (value.is_map()) {
        for (const Member& member : value.map()) {
            start_line();
            out += key_text(member.key) + ':';
            if (is_block(member.value)) {
                out += '\n';
                write(out, member.value, indent + 2, false);
            } else {
                out += ' ' + scalar(member.value) + '\n';
            }
        }
    } else {
        for (const Value& item : value.list()) {
            start_line();
            out += "- ";
            write(out, item, indent + 2, true);
        }
    }
}

}  // namespace

std::string to_yaml(const Value& value) {
    std::string out;
    write(out, value, 0, false);
    return out;
}

}  // namespace patchbay::config
