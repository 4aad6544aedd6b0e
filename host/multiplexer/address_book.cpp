// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/address_book.hpp"

#include "multiplexer/options.hpp"

#include <algorithm>
#include <bit>
#include <random>
#include <string>
#include <utility>

namespace patchbay::multiplexer {

namespace {

std::uint64_t secret() {
    std::random_device device;
    return (std::uint64_t{device()} << 32U) ^ device();
}

template <class Words>
void assign(Words& words, std::string_view text) noexcept {
    const std::size_t count = (text.size() + 7) / 8;
    for (std::size_t i = 0; i < words.size(); ++i) {
        words[i].store(i < count ? detail::key_word(text, i) : 0, std::memory_order_relaxed);
    }
}

}  // namespace

AddressBook::AddressBook(std::uint32_t entry_limit)
    : seed_(secret()),
      entry_limit_(std::max<std::uint32_t>(entry_limit, chunk_size)),
      chunks_(std::make_unique<std::atomic<Entry*>[]>(entry_limit_ / chunk_size + 1)) {
    tables_.push_back(std::make_unique<Table>(64));
    table_.store(tables_.back().get(), std::memory_order_release);
}

AddressBook::~AddressBook() = default;

std::uint64_t AddressBook::hash_of(std::uint32_t entry) const noexcept {
    const Entry& found = at(entry);
    const std::size_t size = found.size.load(std::memory_order_relaxed);
    std::array<std::uint64_t, long_words> words{};
    const std::size_t count = (size + 7) / 8;
    const auto* longer =
        size > inline_bytes
            ? std::bit_cast<const LongKey*>(found.words[0].load(std::memory_order_relaxed))
            : nullptr;
    for (std::size_t i = 0; i < count; ++i) {
        words[i] = longer != nullptr ? longer->words[i].load(std::memory_order_relaxed)
                                     : found.words[i].load(std::memory_order_relaxed);
    }
    return hash_text(reinterpret_cast<const char*>(words.data()), size, seed_).value;
}

bool AddressBook::place(const Table& table, std::uint64_t hash, std::uint32_t entry) noexcept {
    Bucket& home = table.buckets[hash & table.mask];
    for (Bucket* bucket : {&home, &table.buckets[second(hash) & table.mask]}) {
        for (auto& slot : bucket->slots) {
            if (static_cast<std::uint32_t>(slot.load(std::memory_order_relaxed)) == 0) {
                if (bucket != &home) {
                    home.overflowed.fetch_add(1, std::memory_order_release);
                }
                slot.store(slot_word(hash, entry), std::memory_order_release);
                return true;
            }
        }
    }
    return false;
}

void AddressBook::grow() {
    std::size_t count = (table_.load(std::memory_order_relaxed)->mask + 1) * 2;
    for (;; count *= 2) {
        auto table = std::make_unique<Table>(count);
        bool placed = true;
        for (std::uint32_t entry = 0; entry < entry_count_ && placed; ++entry) {
            if (at(entry).size.load(std::memory_order_relaxed) != 0) {
                placed = place(*table, hash_of(entry), entry);
            }
        }
        if (placed) {
            tables_.push_back(std::move(table));
            table_.store(tables_.back().get(), std::memory_order_release);
            return;
        }
    }
}

std::uint32_t AddressBook::insert(std::uint64_t hash, std::string_view text) {
    if (free_entries_.empty() && entry_count_ == entry_limit_) {
        return none;
    }
    LongKey* longer = nullptr;
    if (text.size() > inline_bytes) {
        if (free_long_keys_.empty()) {
            long_key_owners_.push_back(std::make_unique<LongKey>());
            // Room for all of them, so that giving one back never allocates.
            free_long_keys_.reserve(long_key_owners_.capacity());
            free_long_keys_.push_back(long_key_owners_.back().get());
        }
        longer = free_long_keys_.back();
        free_long_keys_.pop_back();
    }
    std::uint32_t entry = 0;
    if (!free_entries_.empty()) {
        entry = free_entries_.back();
        free_entries_.pop_back();
    } else {
        entry = entry_count_;
        if ((entry & (chunk_size - 1)) == 0) {
            chunk_owners_.push_back(std::make_unique<Entry[]>(chunk_size));
            chunks_[entry >> chunk_bits].store(chunk_owners_.back().get(),
                                               std::memory_order_release);
            free_entries_.reserve(std::size_t{entry_count_} + chunk_size);
        }
        ++entry_count_;
    }
    Entry& fresh = at(entry);
    const std::uint32_t version = fresh.version.load(std::memory_order_relaxed);
    fresh.version.store(version + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    if (longer != nullptr) {
        assign(longer->words, text);
        fresh.words[0].store(std::bit_cast<std::uint64_t>(longer), std::memory_order_relaxed);
    } else {
        assign(fresh.words, text);
    }
    fresh.size.store(static_cast<std::uint16_t>(text.size()), std::memory_order_relaxed);
    fresh.fixed.store(0, std::memory_order_relaxed);
    fresh.learned.store(0, std::memory_order_relaxed);
    fresh.version.store(version + 2, std::memory_order_release);
    ++used_;
    // Beyond 60 % the second buckets fill up.
    const Table& table = *table_.load(std::memory_order_relaxed);
    if (std::uint64_t{used_} * 10U > (table.mask + 1) * slots_per_bucket * 6U ||
        !place(table, hash, entry)) {
        grow();
    }
    return entry;
}

void AddressBook::erase(std::uint32_t entry) noexcept {
    const std::uint64_t hash = hash_of(entry);
    const Table& table = *table_.load(std::memory_order_relaxed);
    Bucket& home = table.buckets[hash & table.mask];
    for (Bucket* bucket : {&home, &table.buckets[second(hash) & table.mask]}) {
        for (auto& slot : bucket->slots) {
            if (slot.load(std::memory_order_relaxed) == slot_word(hash, entry)) {
                slot.store(0, std::memory_order_release);
                if (bucket != &home) {
                    home.overflowed.fetch_sub(1, std::memory_order_release);
                }
            }
        }
    }
    Entry& gone = at(entry);
    const std::uint32_t version = gone.version.load(std::memory_order_relaxed);
    gone.version.store(version + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    if (gone.size.load(std::memory_order_relaxed) > inline_bytes) {
        free_long_keys_.push_back(
            std::bit_cast<LongKey*>(gone.words[0].load(std::memory_order_relaxed)));
    }
    gone.size.store(0, std::memory_order_relaxed);
    gone.version.store(version + 2, std::memory_order_release);
    free_entries_.push_back(entry);
    --used_;
}

void AddressBook::erase_if_unused(std::uint32_t entry) noexcept {
    if (at(entry).fixed.load(std::memory_order_relaxed) == 0 &&
        at(entry).learned.load(std::memory_order_relaxed) == 0) {
        erase(entry);
    }
}

bool AddressBook::set_fixed(std::string_view text, LaneRef ref) {
    if (text.empty() || text.size() > longest_name) {
        return false;
    }
    const std::lock_guard lock(mutex_);
    const std::uint64_t key = hash(text).value;
    std::uint32_t entry = find(key, text).entry;
    if (entry == none && (entry = insert(key, text)) == none) {
        return false;
    }
    if (at(entry).fixed.exchange(ref, std::memory_order_acq_rel) == 0) {
        fixed_count_.fetch_add(1, std::memory_order_relaxed);
    }
    return true;
}

bool AddressBook::clear_fixed(std::string_view text, LaneRef ref) {
    const std::lock_guard lock(mutex_);
    const std::uint32_t entry = find(text).entry;
    if (entry == none || at(entry).fixed.load(std::memory_order_relaxed) != ref) {
        return false;
    }
    at(entry).fixed.store(0, std::memory_order_release);
    fixed_count_.fetch_sub(1, std::memory_order_relaxed);
    erase_if_unused(entry);
    return true;
}

std::uint32_t AddressBook::learn(std::string_view text, LaneRef ref, std::uint16_t tick,
                                 std::uint32_t limit) {
    if (limit == 0) {
        return none;
    }
    const std::lock_guard lock(mutex_);
    const std::uint64_t key = hash(text).value;
    std::uint32_t entry = find(key, text).entry;
    if (entry == none || at(entry).learned.load(std::memory_order_relaxed) == 0) {
        while (learned_count() >= limit) {
            evict_one();
        }
        // The eviction may have taken the entry along.
        entry = find(key, text).entry;
        if (entry == none && (entry = insert(key, text)) == none) {
            return none;
        }
        learned_count_.fetch_add(1, std::memory_order_relaxed);
    }
    at(entry).seen.store(tick, std::memory_order_relaxed);
    at(entry).learned.store(ref, std::memory_order_release);
    return entry;
}

void AddressBook::drop_learned(std::uint32_t entry) noexcept {
    at(entry).learned.store(0, std::memory_order_release);
    learned_count_.fetch_sub(1, std::memory_order_relaxed);
    erase_if_unused(entry);
}

void AddressBook::evict_one() noexcept {
    // Of the next eight, the one that was heard longest ago.
    std::uint32_t fallback = none;
    std::uint16_t oldest = 0;
    for (std::uint32_t looked = 0, chances = 0; looked < entry_count_; ++looked) {
        hand_ = hand_ + 1 < entry_count_ ? hand_ + 1 : 0;
        const Entry& entry = at(hand_);
        if (entry.learned.load(std::memory_order_relaxed) == 0) {
            continue;
        }
        const std::uint16_t seen = entry.seen.load(std::memory_order_relaxed);
        if (fallback == none || static_cast<std::int16_t>(seen - oldest) < 0) {
            fallback = hand_;
            oldest = seen;
        }
        if (++chances == 8) {
            break;
        }
    }
    if (fallback != none) {
        drop_learned(fallback);
        evicted_.fetch_add(1, std::memory_order_relaxed);
    }
}

void AddressBook::forget(std::uint16_t tick, std::uint16_t age) {
    constexpr std::uint32_t per_call = 16'384;
    const std::lock_guard lock(mutex_);
    for (std::uint32_t i = 0; i < std::min(per_call, entry_count_); ++i) {
        ageing_ = ageing_ + 1 < entry_count_ ? ageing_ + 1 : 0;
        const Entry& entry = at(ageing_);
        if (entry.learned.load(std::memory_order_relaxed) != 0 &&
            static_cast<std::uint16_t>(tick - entry.seen.load(std::memory_order_relaxed)) > age) {
            drop_learned(ageing_);
        }
    }
}

std::uint32_t AddressBook::forget_instance(std::uint32_t instance) {
    std::uint32_t agents = 0;
    const std::lock_guard lock(mutex_);
    for (std::uint32_t i = 0; i < entry_count_; ++i) {
        Entry& entry = at(i);
        const LaneRef fixed = entry.fixed.load(std::memory_order_relaxed);
        if (instance_of(fixed) == instance) {
            agents += lane_of(fixed) != lane_ref_component ? 1U : 0U;
            entry.fixed.store(0, std::memory_order_release);
            fixed_count_.fetch_sub(1, std::memory_order_relaxed);
            if (entry.learned.load(std::memory_order_relaxed) == 0) {
                erase(i);
                continue;
            }
        }
        if (instance_of(entry.learned.load(std::memory_order_relaxed)) == instance) {
            drop_learned(i);
        }
    }
    return agents;
}

}  // namespace patchbay::multiplexer
