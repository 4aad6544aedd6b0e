// SPDX-License-Identifier: Apache-2.0
#include "identity/changes.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::identity {

Result<void> Changes::subscribe(const TransportLane& lane, bool wanted) {
    const auto found = std::find_if(followers_.begin(), followers_.end(),
                                    [&](const auto& follower) { return follower->lane == lane; });
    if (!wanted) {
        if (found != followers_.end()) {
            followers_.erase(found);
        }
        return {};
    }
    if (found != followers_.end()) {
        return {};
    }
    if (followers_.size() >= max_followers) {
        return failure(ErrorClass::overloaded, "identity.too_many_followers",
                       "Already " + std::to_string(max_followers) +
                           " lanes follow the changes of agents, which is the most.");
    }
    followers_.push_back(std::make_shared<Follower>(Follower{lane}));
    return {};
}

void Changes::drop_generation(std::uint32_t instance, std::uint32_t generation) {
    std::erase_if(followers_, [&](const auto& follower) {
        return follower->lane.instance == instance && follower->lane.generation == generation;
    });
}

std::function<void()> Changes::message(AgentChange change, std::string agent_id,
                                       std::string agent) const {
    return [&transports = transports_, followers = followers_, change, id = std::move(agent_id),
            json = std::move(agent)] {
        for (const auto& follower : followers) {
            if (transports.changed(follower->lane, change, id, json, follower->missed)) {
                follower->missed = 0;
            } else {
                ++follower->missed;
            }
        }
    };
}

}  // namespace patchbay::identity
