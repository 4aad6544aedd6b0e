// SPDX-License-Identifier: Apache-2.0
/// \file
/// Finds the numbered slots of a table by the hashes of their keys. The chains lie in flat arrays
/// beside the table, so that a look-up touches no slot but one whose hash agrees: tables whose
/// slots are taken again and again in turn are larger than the processor's cache, and a node of a
/// std::unordered_map costs as many misses as it has neighbours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace patchbay {

/// Used by one thread at a time. The caller knows what the keys are.
class SlotIndex {
  public:
    static constexpr std::uint32_t none = 0xFFFFFFFFU;

    /// A slot that is not in the index yet. Without memory it throws and changes nothing.
    void insert(std::uint32_t slot, std::size_t hash) {
        if (slot >= entries_.size()) {
            entries_.resize(slot + std::size_t{1});
        }
        if (size_ == heads_.size()) {
            grow();
        }
        entries_[slot].hash = folded(hash);
        link(slot);
        ++size_;
    }

    /// A slot that is in the index.
    void erase(std::uint32_t slot) noexcept {
        std::uint32_t* link = &head(entries_[slot].hash);
        while (*link != slot) {
            link = &entries_[*link].next;
        }
        *link = entries_[slot].next;
        --size_;
    }

    /// The slot of that hash for which `matches(slot)` holds, else `none`.
    template <class Matches>
    [[nodiscard]] std::uint32_t find(std::size_t hash, Matches matches) const {
        if (size_ == 0) {
            return none;
        }
        const std::uint32_t wanted = folded(hash);
        std::uint32_t slot = heads_[wanted & (heads_.size() - 1)];
        while (slot != none && (entries_[slot].hash != wanted || !matches(slot))) {
            slot = entries_[slot].next;
        }
        return slot;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    struct Entry {
        std::uint32_t hash = 0;
        std::uint32_t next = none;
    };

    static std::uint32_t folded(std::size_t hash) noexcept {
        const auto wide = static_cast<std::uint64_t>(hash);
        return static_cast<std::uint32_t>(wide ^ (wide >> 32U));
    }
    [[nodiscard]] std::uint32_t& head(std::uint32_t hash) noexcept {
        return heads_[hash & (heads_.size() - 1)];
    }
    void link(std::uint32_t slot) noexcept {
        std::uint32_t& first = head(entries_[slot].hash);
        entries_[slot].next = first;
        first = slot;
    }
    void grow() {
        constexpr std::size_t smallest = 16;
        std::vector<std::uint32_t> old(heads_.empty() ? smallest : 2 * heads_.size(), none);
        old.swap(heads_);
        for (std::uint32_t slot : old) {
            while (slot != none) {
                const std::uint32_t next = entries_[slot].next;
                link(slot);
                slot = next;
            }
        }
    }

    std::vector<std::uint32_t> heads_;  ///< a power of two of them
    std::vector<Entry> entries_;        ///< by slot
    std::size_t size_ = 0;
};

}  // namespace patchbay
