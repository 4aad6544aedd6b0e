// SPDX-License-Identifier: Apache-2.0
#include "plugins/nearest_id.hpp"

#include "config/nearest.hpp"

#include <patchbay/public_id.hpp>

#include <algorithm>

namespace patchbay::plugins {

std::string did_you_mean_id(std::string_view wanted, const std::vector<std::string>& known) {
    const auto id = view_public_id(wanted);
    if (!id) {
        return config::did_you_mean(wanted, known);
    }
    const auto bound = [](std::string_view text) {
        return std::max<std::size_t>(1, text.size() / 3);
    };
    const std::string* best = nullptr;
    std::size_t best_distance = 0;
    for (const std::string& candidate : known) {
        const auto other = view_public_id(candidate);
        if (!other) {
            continue;
        }
        const std::size_t name = config::edit_distance(id->name, other->name);
        const std::size_t author = config::edit_distance(id->author, other->author);
        // The same name by whatever author is worth a mention.
        const bool near = name <= bound(id->name) && (name == 0 || author <= bound(id->author));
        if (near && (best == nullptr || name + author < best_distance)) {
            best = &candidate;
            best_distance = name + author;
        }
    }
    return best == nullptr ? std::string() : "; did you mean `" + *best + "`?";
}

}  // namespace patchbay::plugins
