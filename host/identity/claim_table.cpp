// SPDX-License-Identifier: Apache-2.0
#include "identity/claim_table.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::identity {

std::optional<StoredClaim> ClaimTable::find(std::string_view agent_id) const {
    std::optional<StoredClaim> claim;
    look_at(agent_id, [&claim](const StoredClaim& found) { claim = found; });
    return claim;
}

void ClaimTable::put(StoredClaim claim) {
    Shard& shard = shard_of(claim.agent_id);
    std::string id = claim.agent_id;
    const std::lock_guard lock(shard.mutex);
    if (shard.claims.insert_or_assign(std::move(id), std::move(claim)).second) {
        size_.fetch_add(1, std::memory_order_relaxed);
    }
}

void ClaimTable::remove(std::string_view agent_id) {
    Shard& shard = shard_of(agent_id);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.claims.find(agent_id);
    if (found != shard.claims.end()) {
        shard.claims.erase(found);
        size_.fetch_sub(1, std::memory_order_relaxed);
    }
}

std::vector<StoredClaim> ClaimTable::page(
    std::string_view after, std::size_t limit,
    const std::function<bool(const StoredClaim&)>& wanted) const {
    // A heap of the smallest ids so far, the largest of them on top.
    const auto less = [](const StoredClaim& left, const StoredClaim& right) {
        return left.agent_id < right.agent_id;
    };
    std::vector<StoredClaim> claims;
    if (limit == 0) {
        return claims;
    }
    for (const Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        for (const auto& [id, claim] : shard.claims) {
            if (id <= after || (claims.size() == limit && id > claims.front().agent_id) ||
                !wanted(claim)) {
                continue;
            }
            if (claims.size() == limit) {
                std::pop_heap(claims.begin(), claims.end(), less);
                claims.pop_back();
            }
            claims.push_back(claim);
            std::push_heap(claims.begin(), claims.end(), less);
        }
    }
    std::sort_heap(claims.begin(), claims.end(), less);
    return claims;
}

std::vector<std::string> ClaimTable::ids(
    std::size_t limit, const std::function<bool(const StoredClaim&)>& wanted) const {
    std::vector<std::string> ids;
    for (const Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        for (const auto& [id, claim] : shard.claims) {
            if (ids.size() == limit) {
                return ids;
            }
            if (wanted(claim)) {
                ids.push_back(id);
            }
        }
    }
    return ids;
}

}  // namespace patchbay::identity
