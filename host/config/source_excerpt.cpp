// SPDX-License-Identifier: Apache-2.0
#include "config/source_excerpt.hpp"

#include "events/redactor.hpp"

#include <cstdint>
#include <fstream>
#include <sstream>

namespace patchbay::config {
namespace {

constexpr std::size_t max_shown = 160;

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

std::string_view line_of(std::string_view text, std::uint32_t number) {
    for (std::uint32_t line = 1; line < number; ++line) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) {
            return {};
        }
        text.remove_prefix(end + 1);
    }
    text = text.substr(0, text.find('\n'));
    if (!text.empty() && text.back() == '\r') {
        text.remove_suffix(1);
    }
    return text;
}

/// Cuts away what stands behind "secret_key:" and the like.
std::string without_secret(std::string_view line) {
    for (std::size_t colon = line.find(':'); colon != std::string_view::npos;
         colon = line.find(':', colon + 1)) {
        std::size_t start = colon;
        while (start > 0 && line[start - 1] != ' ' && line[start - 1] != '{' &&
               line[start - 1] != ',') {
            --start;
        }
        if (is_secret_key(line.substr(start, colon - start))) {
            return std::string(line.substr(0, colon + 1)) + " ***";
        }
    }
    return std::string(line);
}

}  // namespace

bool is_secret_key(std::string_view key) {
    while (!key.empty() && (key.front() == '"' || key.front() == '\'')) {
        key.remove_prefix(1);
    }
    while (!key.empty() && (key.back() == '"' || key.back() == '\'')) {
        key.remove_suffix(1);
    }
    return events::names_a_secret(key);
}

std::string render_problem(const Error& error, std::string_view text) {
    std::string shown = to_string(error) + '\n';
    const std::string line =
        error.location.line == 0 ? "" : without_secret(line_of(text, error.location.line));
    if (line.empty() || line.size() > max_shown) {
        return shown;
    }
    const std::string number = std::to_string(error.location.line);
    shown += "  " + number + " | " + line + '\n';
    if (error.location.column != 0) {
        std::string below = "  " + std::string(number.size(), ' ') + " | ";
        std::uint32_t column = 1;
        for (const char byte : line) {
            if (column >= error.location.column) {
                break;
            }
            if (!is_continuation(byte)) {
                below += byte == '\t' ? '\t' : ' ';
                ++column;
            }
        }
        shown += below + "^\n";
    }
    return shown;
}

std::string render_problem(const Error& error) {
    if (error.location.file.empty() || error.location.line == 0) {
        return to_string(error) + '\n';
    }
    std::ifstream file(error.location.file, std::ios::binary);
    std::ostringstream text;
    if (file) {
        text << file.rdbuf();
    }
    return render_problem(error, text.str());
}

}  // namespace patchbay::config
