// SPDX-License-Identifier: Apache-2.0
/// \file
/// The store behind `Dialogues`: slots that are reused, an index by reference and opponent, and two
/// lists in the order of last use, so that making room costs the same however many there are.
#pragma once

#include <patchbay/dialogue.hpp>
#include <patchbay/slot_index.hpp>
#include <patchbay/text_hash.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string_view>

namespace patchbay {

/// Finds a dialogue whatever is known of the responder's reference. The views of a stored key point
/// into the label of its slot.
struct DialogueKey {
    DialogueKey() = default;
    DialogueKey(std::string_view reference, std::string_view opponent, bool is_own) noexcept
        : hash(TextHash()(reference, TextHash()(opponent, is_own ? 1U : 0U))),
          starter_reference(reference),
          opponent_address(opponent),
          self_initiated(is_own) {}
    /// Of an opened dialogue, with the hash of the key by which it was not found before.
    DialogueKey(const Dialogue& dialogue, std::size_t known_hash) noexcept
        : hash(known_hash),
          starter_reference(dialogue.label().starter_reference),
          opponent_address(dialogue.label().opponent_address),
          self_initiated(dialogue.is_self_initiated()) {}

    std::size_t hash = 0;  // first, so that it is compared first
    std::string_view starter_reference;
    std::string_view opponent_address;
    bool self_initiated = false;

    friend bool operator==(const DialogueKey&, const DialogueKey&) = default;
};

struct DialogueSlot {
    Dialogue dialogue;
    DialogueKey key;  ///< while it is used
    std::uint32_t generation = 0;
    bool used = false;
    bool kept_after_end = false;
    std::list<std::uint32_t>::iterator order{};  ///< place in one of the lists
};

class DialogueStore {
  public:
    explicit DialogueStore(std::size_t limit) : limit_(limit == 0 ? 1 : limit) {}

    [[nodiscard]] std::optional<std::uint32_t> find(const DialogueKey& key) const noexcept;
    [[nodiscard]] DialogueSlot* find(DialogueId id) noexcept;
    [[nodiscard]] DialogueSlot& at(std::uint32_t slot) noexcept { return slots_[slot]; }
    [[nodiscard]] DialogueId id_of(std::uint32_t slot) const noexcept {
        return {slot, slots_[slot].generation};
    }

    /// A free slot, after forgetting another dialogue when there are too many. It stays free until
    /// it is inserted.
    [[nodiscard]] std::uint32_t acquire();
    /// Makes an acquired slot findable by the label it has by now, whose hash the caller has.
    void insert(std::uint32_t slot, std::size_t hash);
    /// The slot's content stays readable until it is acquired again.
    void erase(std::uint32_t slot) noexcept;
    /// Notes that the dialogue was used; an ended one moves to those that go first.
    void touch(std::uint32_t slot) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }
    [[nodiscard]] std::uint64_t evicted() const noexcept { return evicted_; }

  private:
    void fetch_next_to_go() const noexcept;
    [[nodiscard]] std::list<std::uint32_t>& list_of(const DialogueSlot& slot) noexcept {
        return slot.kept_after_end ? ended_ : active_;
    }

    std::size_t limit_;
    std::deque<DialogueSlot> slots_;  // stable addresses: keys point into it
    SlotIndex index_;
    // Every slot has its node in one of them for ever, so that only a new slot allocates.
    std::list<std::uint32_t> free_;    // front = the one that was used last
    std::list<std::uint32_t> active_;  // front = longest unused
    std::list<std::uint32_t> ended_;
    std::uint64_t evicted_ = 0;
};

}  // namespace patchbay
