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
        fetch_next_to_go();
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

void DialogueStore::fetch_next_to_go() const noexcept {
#if defined(__GNUC__)
    // The longest unused have left the processor's cache: the second next is fetched, and what the
    // next one points to.
    auto next = active_.begin();
    if (active_.size() < 2) {
        return;
    }
    const DialogueLabel& label = slots_[*next].dialogue.label();
    for (const std::string* const text : {&label.starter_reference, &label.responder_reference}) {
        __builtin_prefetch(text->data(), 1);
        __builtin_prefetch(text->data() + text->size(), 1);
    }
    const auto* const later = reinterpret_cast<const char*>(&slots_[*++next]);
    for (std::size_t at = 0; at < sizeof(DialogueSlot); at += 64) {
        __builtin_prefetch(later + at, 1);
    }
#endif
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
    if (&from == &to && to.back() == number) {
        return;  // as the messages that follow upon each other find it
    }
    to.splice(to.end(), from, slot.order);
}

}  // namespace patchbay
