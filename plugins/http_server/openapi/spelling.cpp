// SPDX-License-Identifier: Apache-2.0
#include "openapi/spelling.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace patchbay::openapi {
namespace {

// Longer names are not compared: the cost is the product of the lengths.
constexpr std::size_t max_length = 128;

char folded(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

/// Insertions, deletions and replacements that turn one into the other.
std::size_t distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (const char letter : left) {
        std::size_t diagonal = row[0]++;
        for (std::size_t i = 1; i <= right.size(); ++i) {
            const bool same = folded(letter) == folded(right[i - 1]);
            const std::size_t above = row[i];
            row[i] = std::min({above + 1, row[i - 1] + 1, diagonal + (same ? 0U : 1U)});
            diagonal = above;
        }
    }
    return row.back();
}

}  // namespace

std::string did_you_mean(std::string_view name, std::span<const std::string_view> candidates) {
    std::size_t best = std::max<std::size_t>(1, name.size() / 3) + 1;
    std::string_view nearest;
    if (!name.empty() && name.size() <= max_length) {
        for (const std::string_view candidate : candidates) {
            const std::size_t apart =
                candidate.size() > max_length ? best : distance(name, candidate);
            if (apart < best) {
                best = apart;
                nearest = candidate;
            }
        }
    }
    return nearest.empty() ? std::string() : "; did you mean `" + std::string(nearest) + "`?";
}

}  // namespace patchbay::openapi
