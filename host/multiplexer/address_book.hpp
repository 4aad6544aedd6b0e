// SPDX-License-Identifier: Apache-2.0
/// \file
/// Everything known about an address, behind one look-up: the instance whose component id it is,
/// the connection through which the agent directory reaches it, the connection that it last wrote
/// through. Readers take no lock; writers take one.
///
/// Layout. Slots are grouped into buckets of one cache line: seven slots of 8 bytes (32 bits of the
/// hash, 32 bits of the entry's place) and a count of keys that found their bucket full and live in
/// their second one. An entry is one cache line with the key inline, so that a look-up touches two
/// lines, both of which a batch can fetch ahead.
///
/// Consistency. An entry's key changes only while its version is odd; a reader compares the key
/// between two equal even versions. Its routes are single words. A larger array of buckets replaces
/// a full one; the old ones are kept (together smaller than the newest) because a reader may still
/// be in them.
#pragma once

#include "multiplexer/hash.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace patchbay::multiplexer {

/// Instance number above, lane below; 0 = none (instances count from 1).
using LaneRef = std::uint32_t;
inline constexpr std::uint32_t lane_ref_any = 0xFFFF;
/// In place of a lane: the address is the instance's component id.
inline constexpr std::uint32_t lane_ref_component = 0xFFFE;
[[nodiscard]] constexpr LaneRef lane_ref(std::uint32_t instance, std::uint32_t lane) noexcept {
    return (instance << 16U) | (lane & 0xFFFFU);
}
[[nodiscard]] constexpr std::uint32_t instance_of(LaneRef ref) noexcept {
    return ref >> 16U;
}
[[nodiscard]] constexpr std::uint32_t lane_of(LaneRef ref) noexcept {
    return ref & 0xFFFFU;
}

namespace detail {
/// Word `i` of a key of `size` bytes, padded with zeros.
[[nodiscard]] inline std::uint64_t key_word(std::string_view text, std::size_t i) noexcept {
    const std::size_t at = i * 8;
    return detail::short_word(text.data() + at, std::min<std::size_t>(8, text.size() - at));
}

template <class Words>
[[nodiscard]] inline bool equal_key(const Words& words, std::string_view text) noexcept {
    // Nearly all addresses of agents: two words, and those after the key are zero.
    if (text.size() <= 16) {
        const std::size_t first = text.size() < 8 ? text.size() : 8;
        return ((words[0].load(std::memory_order_relaxed) ^ short_word(text.data(), first)) |
                (words[1].load(std::memory_order_relaxed) ^
                 short_word(text.data() + first, text.size() - first))) == 0;
    }
    const std::size_t count = (text.size() + 7) / 8;
    for (std::size_t i = 0; i < count; ++i) {
        if (words[i].load(std::memory_order_relaxed) != key_word(text, i)) {
            return false;
        }
    }
    return true;
}

}  // namespace detail

class AddressBook {
  public:
    static constexpr std::uint32_t none = 0xFFFFFFFF;

    /// `entry_limit` bounds everything together.
    explicit AddressBook(std::uint32_t entry_limit);
    AddressBook(const AddressBook&) = delete;
    AddressBook& operator=(const AddressBook&) = delete;
    ~AddressBook();

    struct Found {
        std::uint32_t entry = none;
        LaneRef fixed = 0;
        LaneRef learned = 0;
    };

    // ---- Readers, lock-free ----

    [[nodiscard]] TextHash hash(std::string_view text) const noexcept {
        return hash_text(text, seed_);
    }
    /// The three steps of a look-up; a batch runs each for all before the next.
    void fetch_bucket(std::uint64_t hash) const noexcept;
    /// The entry that it probably is, or `none`.
    [[nodiscard]] std::uint32_t fetch_entry(std::uint64_t hash) const noexcept;
    /// What is known about `text`; `candidate` is a guess or a handle from outside.
    [[nodiscard]] Found find(std::uint32_t candidate, std::uint64_t hash,
                             std::string_view text) const noexcept {
        Found found;
        if (candidate == none || !read(candidate, text, found)) {
            found = find(hash, text);
        }
        return found;
    }
    [[nodiscard]] Found find(std::uint64_t hash, std::string_view text) const noexcept;
    [[nodiscard]] Found find(std::string_view text) const noexcept {
        return find(hash(text).value, text);
    }
    /// Reads entry number `entry` if it is the one of `text`: its routes belong to that key.
    bool read(std::uint32_t entry, std::string_view text, Found& found) const noexcept;

    /// Notes that the address was heard through its learned route at `tick`.
    void touch(std::uint32_t entry, std::uint16_t tick) noexcept {
        std::atomic<std::uint16_t>& seen = at(entry).seen;
        if (seen.load(std::memory_order_relaxed) != tick) {
            seen.store(tick, std::memory_order_relaxed);
        }
    }

    // ---- Writers, under a lock ----

    /// Component id or directory. False: the book is full.
    bool set_fixed(std::string_view text, LaneRef ref);
    /// Clears it if it is `ref`.
    bool clear_fixed(std::string_view text, LaneRef ref);
    /// Remembers the connection of an address, and forgets another one beyond `limit`. Returns the
    /// entry, or `none` when the book is full.
    std::uint32_t learn(std::string_view text, LaneRef ref, std::uint16_t tick,
                        std::uint32_t limit);
    /// Forgets learned routes older than `age` ticks; looks at a part of the book at each call.
    void forget(std::uint16_t tick, std::uint16_t age);
    /// Forgets every route to that instance; returns how many agents were attached there.
    std::uint32_t forget_instance(std::uint32_t instance);

    [[nodiscard]] std::uint32_t learned_count() const noexcept {
        return learned_count_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint32_t fixed_count() const noexcept {
        return fixed_count_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t evicted() const noexcept {
        return evicted_.load(std::memory_order_relaxed);
    }

  private:
    static constexpr std::uint32_t inline_words = 6;
    static constexpr std::size_t inline_bytes = inline_words * 8;
    static constexpr std::uint32_t long_words = 32;
    static constexpr std::uint32_t slots_per_bucket = 7;
    static constexpr std::uint32_t chunk_bits = 10;
    static constexpr std::uint32_t chunk_size = 1U << chunk_bits;

    struct alignas(64) Entry {
        std::atomic<std::uint32_t> version{0};
        std::atomic<LaneRef> fixed{0};
        std::atomic<LaneRef> learned{0};
        std::atomic<std::uint16_t> size{0};
        std::atomic<std::uint16_t> seen{0};
        /// The key, padded with zeros; of a longer one only the address of its LongKey.
        std::array<std::atomic<std::uint64_t>, inline_words> words{};
    };
    static_assert(sizeof(Entry) == 64);
    struct LongKey {
        std::array<std::atomic<std::uint64_t>, long_words> words{};
    };
    struct alignas(64) Bucket {
        std::array<std::atomic<std::uint64_t>, slots_per_bucket> slots{};
        std::atomic<std::uint64_t> overflowed{0};
    };
    struct Table {
        explicit Table(std::size_t count)
            : mask(count - 1), buckets(std::make_unique<Bucket[]>(count)) {}
        std::size_t mask;
        std::unique_ptr<Bucket[]> buckets;
    };
    [[nodiscard]] Entry& at(std::uint32_t entry) const noexcept {
        return chunks_[entry >> chunk_bits].load(
            std::memory_order_acquire)[entry & (chunk_size - 1)];
    }
    [[nodiscard]] static std::uint64_t slot_word(std::uint64_t hash, std::uint32_t entry) noexcept {
        return (hash & 0xFFFFFFFF00000000U) | (std::uint64_t{entry} + 1U);
    }
    [[nodiscard]] static std::size_t second(std::uint64_t hash) noexcept {
        return static_cast<std::size_t>((hash >> 32U) * 0x9E3779B1U + (hash >> 40U) + 1U);
    }
    [[nodiscard]] std::uint32_t insert(std::uint64_t hash, std::string_view text);
    bool place(const Table& table, std::uint64_t hash, std::uint32_t entry) noexcept;
    void grow();
    void erase(std::uint32_t entry) noexcept;
    void erase_if_unused(std::uint32_t entry) noexcept;
    void drop_learned(std::uint32_t entry) noexcept;
    void evict_one() noexcept;
    [[nodiscard]] std::uint64_t hash_of(std::uint32_t entry) const noexcept;

    const std::uint64_t seed_;
    const std::uint32_t entry_limit_;
    std::unique_ptr<std::atomic<Entry*>[]> chunks_;
    std::atomic<Table*> table_;

    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Entry[]>> chunk_owners_;
    std::vector<std::unique_ptr<Table>> tables_;
    std::vector<std::unique_ptr<LongKey>> long_key_owners_;
    std::vector<LongKey*> free_long_keys_;
    std::vector<std::uint32_t> free_entries_;
    std::uint32_t entry_count_ = 0;
    std::uint32_t used_ = 0;
    std::uint32_t hand_ = 0;
    std::uint32_t ageing_ = 0;
    std::atomic<std::uint32_t> learned_count_{0};
    std::atomic<std::uint32_t> fixed_count_{0};
    std::atomic<std::uint64_t> evicted_{0};
};

// ---- The hot path, inline ----

inline void AddressBook::fetch_bucket(std::uint64_t hash) const noexcept {
    const Table& table = *table_.load(std::memory_order_acquire);
    __builtin_prefetch(&table.buckets[hash & table.mask]);
}

inline std::uint32_t AddressBook::fetch_entry(std::uint64_t hash) const noexcept {
    const Table& table = *table_.load(std::memory_order_acquire);
    for (const auto& slot : table.buckets[hash & table.mask].slots) {
        const std::uint64_t word = slot.load(std::memory_order_acquire);
        if ((word ^ hash) >> 32U == 0 && static_cast<std::uint32_t>(word) != 0) {
            const std::uint32_t entry = static_cast<std::uint32_t>(word) - 1U;
            __builtin_prefetch(&at(entry));
            return entry;
        }
    }
    return none;
}

inline bool AddressBook::read(std::uint32_t entry, std::string_view text,
                              Found& result) const noexcept {
    if (entry >= entry_limit_) {
        return false;
    }
    const Entry* chunk = chunks_[entry >> chunk_bits].load(std::memory_order_acquire);
    if (chunk == nullptr) {
        return false;
    }
    const Entry& found = chunk[entry & (chunk_size - 1)];
    const std::uint32_t version = found.version.load(std::memory_order_acquire);
    if ((version & 1U) != 0 || found.size.load(std::memory_order_relaxed) != text.size() ||
        text.empty()) {
        return false;
    }
    bool same = false;
    if (text.size() <= inline_bytes) {
        same = detail::equal_key(found.words, text);
    } else {
        const std::uint64_t address = found.words[0].load(std::memory_order_relaxed);
        // The address is one only if the entry did not change meanwhile. The memory of long keys
        // is never freed, so a key that changes after this check is safe to read.
        std::atomic_thread_fence(std::memory_order_acquire);
        if (found.version.load(std::memory_order_relaxed) != version) {
            return false;
        }
        same = detail::equal_key(std::bit_cast<const LongKey*>(address)->words, text);
    }
    const LaneRef fixed = found.fixed.load(std::memory_order_acquire);
    const LaneRef learned = found.learned.load(std::memory_order_acquire);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (!same || found.version.load(std::memory_order_relaxed) != version) {
        return false;
    }
    result = {entry, fixed, learned};
    return true;
}

inline AddressBook::Found AddressBook::find(std::uint64_t hash,
                                            std::string_view text) const noexcept {
    Found found;
    const Table& table = *table_.load(std::memory_order_acquire);
    std::size_t place = hash & table.mask;
    for (int turn = 0; turn < 2; ++turn) {
        const Bucket& bucket = table.buckets[place];
        for (const auto& slot : bucket.slots) {
            const std::uint64_t word = slot.load(std::memory_order_acquire);
            if ((word ^ hash) >> 32U == 0 && static_cast<std::uint32_t>(word) != 0) {
                if (read(static_cast<std::uint32_t>(word) - 1U, text, found)) {
                    return found;
                }
            }
        }
        if (bucket.overflowed.load(std::memory_order_acquire) == 0) {
            break;
        }
        place = second(hash) & table.mask;
    }
    return found;
}

}  // namespace patchbay::multiplexer
