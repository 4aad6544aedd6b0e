// SPDX-License-Identifier: Apache-2.0
/// \file
/// All claims in memory, for questions from any thread. Only the writer changes it, after the
/// change is on the disk.
#pragma once

#include "identity/stored_claim.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace patchbay::identity {

/// Thread-safe.
class ClaimTable {
  public:
    [[nodiscard]] std::optional<StoredClaim> find(std::string_view agent_id) const;
    /// Calls `look` with the claim, if there is one, under the lock of its part of the table.
    template <class Look>
    bool look_at(std::string_view agent_id, Look look) const {
        const Shard& shard = shard_of(agent_id);
        const std::lock_guard lock(shard.mutex);
        const auto found = shard.claims.find(agent_id);
        if (found == shard.claims.end()) {
            return false;
        }
        look(found->second);
        return true;
    }
    void put(StoredClaim claim);
    void remove(std::string_view agent_id);
    [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_relaxed); }

    /// Claims that `wanted` accepts, whose ids follow `after`, in byte order of the ids. Costs a
    /// look at all of them.
    [[nodiscard]] std::vector<StoredClaim> page(
        std::string_view after, std::size_t limit,
        const std::function<bool(const StoredClaim&)>& wanted) const;
    /// Ids of at most `limit` claims that `wanted` accepts, in no order.
    [[nodiscard]] std::vector<std::string> ids(
        std::size_t limit, const std::function<bool(const StoredClaim&)>& wanted) const;

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>()(text);
        }
    };
    struct Shard {
        mutable std::mutex mutex;
        std::unordered_map<std::string, StoredClaim, Hash, std::equal_to<>> claims;
    };
    static constexpr std::size_t shard_count = 16;

    // The upper half of the hash: the lower one chooses the bucket.
    static std::size_t index_of(std::string_view agent_id) {
        return (Hash()(agent_id) >> (sizeof(std::size_t) * 4)) % shard_count;
    }
    const Shard& shard_of(std::string_view agent_id) const { return shards_[index_of(agent_id)]; }
    Shard& shard_of(std::string_view agent_id) { return shards_[index_of(agent_id)]; }

    std::array<Shard, shard_count> shards_;
    std::atomic<std::size_t> size_{0};
};

}  // namespace patchbay::identity
