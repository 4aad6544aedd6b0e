// SPDX-License-Identifier: Apache-2.0
/// \file
/// How one lane of a gateway reaches the others: for broadcasts, which are for the agents of all.
#pragma once

#include <patchbay/lane.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace patchbay::agent_gateway {

class GatewayLane;

/// [any-thread]
class LaneDirectory {
  public:
    /// Posts of one lane that may wait.
    static constexpr std::uint32_t bound = 4096;

    explicit LaneDirectory(std::size_t lanes) : entries_(lanes) {}

    /// [lane]
    void add(Lane& lane, GatewayLane& gateway);
    /// [lane]
    void remove(const Lane& lane);
    /// Runs `work` on that lane, unless it has stopped by then. False when too many wait.
    bool post(std::uint32_t index, std::function<void(GatewayLane&)> work);

  private:
    struct Entry {
        std::mutex mutex;
        Lane* lane = nullptr;
        GatewayLane* gateway = nullptr;  ///< changed on its own thread only
        std::atomic<std::uint32_t> waiting{0};
    };
    std::vector<Entry> entries_;
};

}  // namespace patchbay::agent_gateway
