// SPDX-License-Identifier: Apache-2.0
#include "config/text_check.hpp"

#include <optional>

namespace patchbay::config {
namespace {

constexpr std::size_t max_problems = 20;

/// Length of the well-formed UTF-8 sequence at `at`, 0 when it is not one.
std::size_t sequence_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t offset) -> unsigned {
        return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U;
    };
    const auto follows = [&](std::size_t offset, unsigned low = 0x80, unsigned high = 0xBF) {
        return byte(offset) >= low && byte(offset) <= high;
    };
    const unsigned first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return follows(1) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
        const unsigned high = first == 0xED ? 0x9F : 0xBF;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned low = first == 0xF0 ? 0x90 : 0x80;
        const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

/// Offset and reason of the first byte that may not stand in a YAML file.
std::optional<std::pair<std::size_t, std::string>> bad_byte(std::string_view line) {
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t length = sequence_length(line, at);
        if (length == 0) {
            return std::pair(at, std::string("the text is not UTF-8 here"));
        }
        const auto byte = static_cast<unsigned char>(line[at]);
        if ((byte < 0x20 && byte != '\t') || byte == 0x7F) {
            return std::pair(at, "a control character (code " + std::to_string(byte) +
                                     ") may not stand in this file");
        }
        at += length;
    }
    return std::nullopt;
}

/// Does this line open a block scalar ("key: |", "- >2-  # comment")?
bool opens_block_scalar(std::string_view line) {
    const auto comment = line.find(" #");
    line = line.substr(0, comment);
    const auto last = line.find_last_not_of(" \t");
    if (last == std::string_view::npos) {
        return false;
    }
    line = line.substr(0, last + 1);
    const auto indicator = line.find_last_not_of("+-0123456789");
    return indicator != std::string_view::npos && indicator > 0 && line[indicator - 1] == ' ' &&
           (line[indicator] == '|' || line[indicator] == '>');
}

}  // namespace

Problems check_text(std::string_view text, const std::string& file) {
    Problems problems;
    std::uint32_t number = 0;
    bool in_block_scalar = false;
    std::size_t block_indent = 0;  // of the line that opened the block scalar
    while (!text.empty() && problems.size() < max_problems) {
        ++number;
        const auto end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (!line.empty() && line.back() == '\r') {
            line.remove_suffix(1);
        }
        const auto add = [&](std::size_t offset, const char* code, std::string message) {
            problems.push_back(Error{ErrorClass::invalid, code, std::move(message),
                                     SourceLocation{file, number, column_of(line, offset)}});
        };
        if (const auto bad = bad_byte(line)) {
            add(bad->first, "yaml.encoding", bad->second);
            continue;
        }
        const auto content = line.find_first_not_of(" \t");
        if (content == std::string_view::npos || line[content] == '#') {
            continue;
        }
        const auto indent = line.find_first_not_of(' ');
        if (in_block_scalar && indent > block_indent) {
            continue;
        }
        if (indent != content) {
            add(indent, "yaml.tab", "indentation is made of spaces; this is a tab");
        }
        in_block_scalar = opens_block_scalar(line);
        block_indent = indent;
    }
    return problems;
}

std::uint32_t column_of(std::string_view line, std::size_t byte_offset) {
    std::uint32_t column = 1;
    for (std::size_t at = 0; at < byte_offset && at < line.size(); ++at) {
        if ((static_cast<unsigned char>(line[at]) & 0xC0U) != 0x80U) {
            ++column;
        }
    }
    return byte_offset > line.size()
               ? column + static_cast<std::uint32_t>(byte_offset - line.size())
               : column;
}

}  // namespace patchbay::config
