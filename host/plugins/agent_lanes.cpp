// SPDX-License-Identifier: Apache-2.0
#include "plugins/agent_lanes.hpp"

#include <mutex>

namespace patchbay::plugins {

void AgentLanes::add(std::uint32_t instance, multiplexer::Generation& generation) {
    const std::unique_lock lock(mutex_);
    generations_[{instance, generation.number()}] = &generation;
}

void AgentLanes::remove(std::uint32_t instance, std::uint32_t generation) {
    const std::unique_lock lock(mutex_);
    generations_.erase({instance, generation});
}

bool AgentLanes::is_live(const AgentLane& lane) const noexcept {
    const std::shared_lock lock(mutex_);
    return generations_.contains({lane.instance, lane.generation});
}

bool AgentLanes::post(const AgentLane& lane, multiplexer::Signal signal) const {
    const std::shared_lock lock(mutex_);
    const auto found = generations_.find({lane.instance, lane.generation});
    multiplexer::Lane* target =
        found == generations_.end() ? nullptr : found->second->lane(lane.lane);
    return target != nullptr && target->post(std::move(signal));
}

}  // namespace patchbay::plugins
