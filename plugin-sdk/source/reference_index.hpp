// SPDX-License-Identifier: Apache-2.0
/// \file
/// Finds the slot of a dialogue by its reference: an open-addressing table of eight bytes an entry,
/// at most half full, that allocates only when it doubles. References are drawn here and are not
/// guessable, so no peer can choose where they fall.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace patchbay {

class ReferenceIndex {
  public:
    static constexpr std::uint32_t none = 0xFFFFFFFF;

    /// Of `size` characters, a multiple of eight.
    [[nodiscard]] static std::uint32_t hash(const char* text, std::size_t size) noexcept {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < size; i += sizeof sum) {
            std::uint64_t word = 0;
            std::memcpy(&word, text + i, sizeof word);
            sum = (sum ^ word) * 0x9E3779B97F4A7C15U;
            sum ^= sum >> 32U;
        }
        return static_cast<std::uint32_t>(sum);
    }

    /// The slot with this hash for which `matches(slot)` is true, or `none`.
    template <class Matches>
    [[nodiscard]] std::uint32_t find(std::uint32_t hash, Matches matches) const noexcept {
        if (entries_.empty()) {
            return none;
        }
        for (std::size_t at = hash & mask(); entries_[at].slot != none; at = (at + 1) & mask()) {
            if (entries_[at].hash == hash && matches(entries_[at].slot)) {
                return entries_[at].slot;
            }
        }
        return none;
    }

    /// Makes room for `count` entries in all.
    void reserve(std::size_t count) {
        if (count * 2 <= entries_.size()) {
            return;
        }
        std::vector<Entry> before(entries_.empty() ? 64 : entries_.size() * 2);
        while (before.size() < count * 2) {
            before.resize(before.size() * 2);
        }
        before.swap(entries_);
        for (const Entry& entry : before) {
            if (entry.slot != none) {
                insert(entry.hash, entry.slot);
            }
        }
    }

    /// There must be room for it.
    void insert(std::uint32_t hash, std::uint32_t slot) noexcept {
        std::size_t at = hash & mask();
        while (entries_[at].slot != none) {
            at = (at + 1) & mask();
        }
        entries_[at] = {hash, slot};
    }

    /// The entry must be there. Later ones of its run move up, so that no tombstone remains.
    void erase(std::uint32_t hash, std::uint32_t slot) noexcept {
        std::size_t hole = hash & mask();
        while (entries_[hole].slot != slot) {
            hole = (hole + 1) & mask();
        }
        for (std::size_t at = (hole + 1) & mask(); entries_[at].slot != none;
             at = (at + 1) & mask()) {
            const std::size_t from_home = (at - entries_[at].hash) & mask();
            if (from_home >= ((at - hole) & mask())) {
                entries_[hole] = entries_[at];
                hole = at;
            }
        }
        entries_[hole] = {};
    }

  private:
    struct Entry {
        std::uint32_t hash = 0;
        std::uint32_t slot = none;
    };

    [[nodiscard]] std::size_t mask() const noexcept { return entries_.size() - 1; }

    std::vector<Entry> entries_;  ///< a power of two, or none
};

}  // namespace patchbay
