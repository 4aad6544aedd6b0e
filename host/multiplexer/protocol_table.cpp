// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/protocol_table.hpp"

#include <bit>

namespace patchbay::multiplexer {

namespace {
constexpr std::uint64_t seed = 0x2545F4914F6CDD1DU;
}

std::string_view without_hash(std::string_view protocol_id) noexcept {
    const std::size_t version = protocol_id.find(':');
    if (version == std::string_view::npos) {
        return protocol_id;
    }
    return protocol_id.substr(0, protocol_id.find(':', version + 1));
}

ProtocolTable::ProtocolTable(std::uint32_t limit)
    : limit_(limit),
      mask_(std::bit_ceil((limit + configured_limit) * 2U) - 1U),
      entries_(std::make_unique<std::atomic<const Entry*>[]>(limit + configured_limit)),
      slots_(std::make_unique<std::atomic<const Entry*>[]>(mask_ + 1U)) {}

ProtocolTable::~ProtocolTable() = default;

ProtocolNumber ProtocolTable::find(std::string_view id) const noexcept {
    id = without_hash(id);
    const std::uint64_t hash = hash_text(id, seed).value;
    for (std::uint64_t place = hash;; ++place) {
        const Entry* entry = slots_[place & mask_].load(std::memory_order_acquire);
        if (entry == nullptr) {
            return 0;
        }
        if (entry->hash == hash && entry->id == id) {
            return entry->number;
        }
    }
}

ProtocolNumber ProtocolTable::number(std::string_view id, bool always) {
    if (const ProtocolNumber known = find(id)) {
        return known;
    }
    const std::lock_guard lock(mutex_);
    if (const ProtocolNumber known = find(id)) {
        return known;
    }
    const std::uint32_t count = published_.load(std::memory_order_relaxed);
    if (count >= (always ? limit_ + configured_limit : limit_)) {
        return 0;
    }
    id = without_hash(id);
    owners_.push_back(
        std::make_unique<Entry>(Entry{std::string(id), hash_text(id, seed).value, count + 1}));
    const Entry* entry = owners_.back().get();
    entries_[count].store(entry, std::memory_order_release);
    published_.store(count + 1, std::memory_order_release);
    for (std::uint64_t place = entry->hash;; ++place) {
        std::atomic<const Entry*>& slot = slots_[place & mask_];
        if (slot.load(std::memory_order_relaxed) == nullptr) {
            slot.store(entry, std::memory_order_release);
            return entry->number;
        }
    }
}

ProtocolPolicy::ProtocolPolicy(ProtocolTable& table, const std::vector<std::string>& excluded,
                               const std::vector<std::string>& restricted_to)
    : allows_all_(excluded.empty() && restricted_to.empty()), others_(restricted_to.empty()) {
    const auto set = [&](const std::string& id, bool allowed) {
        const ProtocolNumber number = table.number(id, true);
        if (number == 0) {
            return;
        }
        while (allowed_.size() <= number / 64) {
            allowed_.push_back(others_ ? ~std::uint64_t{0} : 0);
        }
        std::uint64_t& word = allowed_[number / 64];
        const std::uint64_t bit = std::uint64_t{1} << (number % 64);
        word = allowed ? word | bit : word & ~bit;
    };
    for (const std::string& id : restricted_to) {
        set(id, true);
    }
    for (const std::string& id : excluded) {
        set(id, false);
    }
}

}  // namespace patchbay::multiplexer
