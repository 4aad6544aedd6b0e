// SPDX-License-Identifier: Apache-2.0
#include <patchbay/dialogue_book.hpp>

#include <algorithm>
#include <string>

namespace patchbay {

DialogueBook::DialogueBook(const DialogueRules& rules, DialogueLimits limits, std::size_t addresses)
    : rules_(rules), limits_(limits), bound_(std::max<std::size_t>(addresses, 1)) {}

Dialogues& DialogueBook::of(std::string_view self_address) {
    const auto found = std::find_if(
        registries_.begin(), registries_.end(),
        [&](const Dialogues& registry) { return registry.self_address() == self_address; });
    if (found != registries_.end()) {
        registries_.splice(registries_.begin(), registries_, found);
        return registries_.front();
    }
    if (registries_.size() >= bound_) {
        registries_.pop_back();
    }
    registries_.emplace_front(std::string(self_address), rules_, limits_);
    return registries_.front();
}

}  // namespace patchbay
