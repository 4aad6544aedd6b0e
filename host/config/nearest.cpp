// SPDX-License-Identifier: Apache-2.0
#include "config/nearest.hpp"

#include <algorithm>
#include <array>

namespace patchbay::config {
namespace {

// Longer names are not compared: the cost is the product of the lengths.
constexpr std::size_t max_length = 256;

std::string folded(std::string_view name) {
    std::string text(name);
    for (char& letter : text) {
        if (letter >= 'A' && letter <= 'Z') {
            letter = static_cast<char>(letter - 'A' + 'a');
        } else if (letter == '-') {
            letter = '_';
        }
    }
    return text;
}

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
    // Three rows of the table of optimal string alignment are enough.
    std::array<std::vector<std::size_t>, 3> rows;
    rows.fill(std::vector<std::size_t>(right.size() + 1));
    for (std::size_t column = 0; column <= right.size(); ++column) {
        rows[0][column] = column;
    }
    for (std::size_t line = 1; line <= left.size(); ++line) {
        auto& current = rows[line % 3];
        const auto& above = rows[(line - 1) % 3];
        const auto& above_that = rows[(line + 1) % 3];
        current[0] = line;
        for (std::size_t column = 1; column <= right.size(); ++column) {
            const bool same = left[line - 1] == right[column - 1];
            current[column] = std::min(
                {above[column] + 1, current[column - 1] + 1, above[column - 1] + (same ? 0U : 1U)});
            if (line > 1 && column > 1 && left[line - 1] == right[column - 2] &&
                left[line - 2] == right[column - 1]) {
                current[column] = std::min(current[column], above_that[column - 2] + 1);
            }
        }
    }
    return rows[left.size() % 3][right.size()];
}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
    if (name.empty() || name.size() > max_length) {
        return {};
    }
    const std::string wanted = folded(name);
    std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3);
    const std::string* best = nullptr;
    for (const std::string& candidate : candidates) {
        if (candidate.size() > max_length) {
            continue;
        }
        const std::size_t distance = edit_distance(wanted, folded(candidate));
        if (distance < best_distance || (distance == best_distance && best == nullptr)) {
            best_distance = distance;
            best = &candidate;
        }
    }
    return best == nullptr ? std::string() : *best;
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
    const std::string meant = nearest(name, candidates);
    return meant.empty() ? std::string() : "; did you mean `" + meant + "`?";
}

}  // namespace patchbay::config
