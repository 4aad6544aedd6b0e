// SPDX-License-Identifier: Apache-2.0
#include "lane_directory.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace patchbay::agent_gateway {

void LaneDirectory::add(Lane& lane, GatewayLane& gateway) {
    Entry& entry = entries_.at(lane.index());
    const std::lock_guard lock(entry.mutex);
    entry.lane = &lane;
    entry.gateway = &gateway;
}

void LaneDirectory::remove(const Lane& lane) {
    Entry& entry = entries_.at(lane.index());
    const std::lock_guard lock(entry.mutex);
    entry.lane = nullptr;
    entry.gateway = nullptr;
}

bool LaneDirectory::post(std::uint32_t index, std::function<void(GatewayLane&)> work) {
    Entry& entry = entries_.at(index);
    const std::lock_guard lock(entry.mutex);
    if (entry.lane == nullptr || entry.waiting.load() >= bound) {
        return false;
    }
    entry.waiting.fetch_add(1);
    boost::asio::post(entry.lane->executor(), [&entry, work = std::move(work)] {
        entry.waiting.fetch_sub(1);
        // Read without the lock: this is the thread that changes it.
        if (entry.gateway != nullptr) {
            work(*entry.gateway);
        }
    });
    return true;
}

}  // namespace patchbay::agent_gateway
