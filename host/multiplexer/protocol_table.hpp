// SPDX-License-Identifier: Apache-2.0
/// \file
/// Numbers for protocol ids, so that a protocol policy is a bit test. Numbers are given once and
/// never taken back; readers take no lock. Whoever configures protocols gets numbers first, so that
/// strangers who fill the table with inventions cost nobody his policy: an id without a number is
/// simply in nobody's list.
#pragma once

#include "multiplexer/hash.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::multiplexer {

/// 0 = none.
using ProtocolNumber = std::uint32_t;

class ProtocolTable {
  public:
    explicit ProtocolTable(std::uint32_t limit);
    ProtocolTable(const ProtocolTable&) = delete;
    ProtocolTable& operator=(const ProtocolTable&) = delete;
    ~ProtocolTable();

    /// The number of an id: of its author, name and version; a hash at the end does not count.
    [[nodiscard]] ProtocolNumber find(std::string_view id) const noexcept;
    /// Gives it one; 0 when there is none left. `always` ignores the bound (configuration).
    ProtocolNumber number(std::string_view id, bool always);
    /// Whether that number stands for exactly this text: a check of handles.
    [[nodiscard]] bool is(ProtocolNumber number, std::string_view id) const noexcept {
        if (number == 0 || number > published_.load(std::memory_order_acquire)) {
            return false;
        }
        const Entry* entry = entries_[number - 1].load(std::memory_order_acquire);
        return entry->id == id;
    }
    [[nodiscard]] std::uint32_t size() const noexcept {
        return published_.load(std::memory_order_acquire);
    }

  private:
    struct Entry {
        std::string id;
        std::uint64_t hash;
        ProtocolNumber number;
    };
    /// Configuration may name this many on top of the bound.
    static constexpr std::uint32_t configured_limit = 1024;

    std::uint32_t limit_;
    std::uint32_t mask_;
    std::unique_ptr<std::atomic<const Entry*>[]> entries_;
    std::unique_ptr<std::atomic<const Entry*>[]> slots_;
    std::atomic<std::uint32_t> published_{0};
    std::mutex mutex_;
    std::vector<std::unique_ptr<Entry>> owners_;
};

/// `author/name:version` of a public id with or without a hash.
[[nodiscard]] std::string_view without_hash(std::string_view protocol_id) noexcept;

/// What `excluded_protocols` and `restricted_to_protocols` of an instance allow.
class ProtocolPolicy {
  public:
    ProtocolPolicy() = default;
    ProtocolPolicy(ProtocolTable& table, const std::vector<std::string>& excluded,
                   const std::vector<std::string>& restricted_to);

    [[nodiscard]] bool allows(ProtocolNumber number) const noexcept {
        if (allows_all_) {
            return true;
        }
        const std::size_t word = number / 64;
        return word < allowed_.size() ? ((allowed_[word] >> (number % 64)) & 1U) != 0 : others_;
    }

  private:
    bool allows_all_ = true;
    /// Of those beyond `allowed_`, and of 0.
    bool others_ = true;
    std::vector<std::uint64_t> allowed_;
};

}  // namespace patchbay::multiplexer
