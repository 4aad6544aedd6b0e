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
        // Room for every slot to come back, so that `erase` never allocates.
        free_.reserve(slots_.size());
        free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
    }
    const std::uint32_t number = free_.back();
    free_.pop_back();
    DialogueSlot& slot = slots_[number];
    ++slot.generation;
    if (slot.generation == 0) {
        slot.generation = 1;
    }
    slot.kept_after_end = false;
    return number;
}

void DialogueStore::insert(std::uint32_t number) {
    DialogueSlot& slot = slots_[number];
    slot.order = active_.insert(active_.end(), number);
    slot.used = true;
    slot.key = key_of(slot.dialogue);
    index_.insert(number, slot.key.hash);
}

void DialogueStore::erase(std::uint32_t number) noexcept {
    DialogueSlot& slot = slots_[number];
    index_.erase(number);
    (slot.kept_after_end ? ended_ : active_).erase(slot.order);
    slot.used = false;
    free_.push_back(number);
}

void DialogueStore::touch(std::uint32_t number) noexcept {
    DialogueSlot& slot = slots_[number];
    std::list<std::uint32_t>& from = slot.kept_after_end ? ended_ : active_;
    slot.kept_after_end = slot.dialogue.has_ended();
    std::list<std::uint32_t>& to = slot.kept_after_end ? ended_ : active_;
    to.splice(to.end(), from, slot.order);
}

}  // namespace patchbay
