// SPDX-License-Identifier: Apache-2.0
#include "dialogue_store.hpp"

namespace patchbay {

std::optional<std::uint32_t> DialogueStore::find(const DialogueKey& key) const noexcept {
    const std::uint32_t found =
        index_.find(key.hash, [&](std::uint32_t slot) { return slots_[slot].key == key; });
    return found == SlotIndex::none ? std::nullopt : std::optional(found);
}

DialogueSlot* DialogueStore::find(DialogueId id) noexcept {
    if (id.slot >= slots_.size()) {
        return nullptr;
    }
    DialogueSlot& slot = slots_[id.slot];
    return slot.used && slot.generation == id.generation ? &slot : nullptr;
}

std::uint32_t DialogueStore::acquire() {
    if (index_.size() >= limit_) {
        erase(ended_.empty() ? active_.front() : ended_.front());
        ++evicted_;
    }
    if (free_.empty()) {
        slots_.emplace_back();
        try {
            free_.push_front(static_cast<std::uint32_t>(slots_.size() - 1));
        } catch (...) {
            slots_.pop_back();
            throw;
        }
        slots_.back().order = free_.begin();
    }
    const std::uint32_t number = free_.front();
    DialogueSlot& slot = slots_[number];
    ++slot.generation;
    if (slot.generation == 0) {
        slot.generation = 1;
    }
    slot.kept_after_end = false;
    return number;
}

void DialogueStore::insert(std::uint32_t number, std::size_t hash) {
    DialogueSlot& slot = slots_[number];
    slot.key = DialogueKey(slot.dialogue, hash);
    index_.insert(number, hash);
    active_.splice(active_.end(), free_, slot.order);
    slot.used = true;
}

void DialogueStore::erase(std::uint32_t number) noexcept {
    DialogueSlot& slot = slots_[number];
    index_.erase(number);
    free_.splice(free_.begin(), list_of(slot), slot.order);
    slot.used = false;
}

void DialogueStore::touch(std::uint32_t number) noexcept {
    DialogueSlot& slot = slots_[number];
    std::list<std::uint32_t>& from = list_of(slot);
    slot.kept_after_end = slot.dialogue.has_ended();
    std::list<std::uint32_t>& to = list_of(slot);
    to.splice(to.end(), from, slot.order);
}

}  // namespace patchbay
