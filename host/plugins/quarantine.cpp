// SPDX-License-Identifier: Apache-2.0
#include "plugins/quarantine.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::plugins {

void Quarantine::add(QuarantinedLibrary entry) {
    const std::lock_guard lock(mutex_);
    if (entries_.size() == capacity && entries_.find(entry.library) == entries_.end()) {
        entries_.erase(std::min_element(
            entries_.begin(), entries_.end(),
            [](const auto& a, const auto& b) { return a.second.since < b.second.since; }));
    }
    std::string library = entry.library;
    entries_.insert_or_assign(std::move(library), std::move(entry));
}

void Quarantine::remove(std::string_view library) {
    const std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(library); found != entries_.end()) {
        entries_.erase(found);
    }
}

std::optional<Error> Quarantine::reason(std::string_view library, std::string_view sha256) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(library);
    return found == entries_.end() || found->second.sha256 != sha256
               ? std::nullopt
               : std::optional(found->second.reason);
}

std::vector<QuarantinedLibrary> Quarantine::all() const {
    const std::lock_guard lock(mutex_);
    std::vector<QuarantinedLibrary> answer;
    answer.reserve(entries_.size());
    for (const auto& [library, entry] : entries_) {
        answer.push_back(entry);
    }
    return answer;
}

}  // namespace patchbay::plugins
