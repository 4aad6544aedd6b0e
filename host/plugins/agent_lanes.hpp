// SPDX-License-Identifier: Apache-2.0
/// \file
/// The lanes that can be told of agents: those of the generations that run. Whoever answers later,
/// from another thread, names a lane by numbers and finds out here whether it still lives.
#pragma once

#include "multiplexer/generation.hpp"
#include "multiplexer/lane.hpp"
#include "multiplexer/signal.hpp"

#include <cstdint>
#include <map>
#include <shared_mutex>
#include <utility>

namespace patchbay::plugins {

/// A lane of the generation, by the multiplexer's numbers.
struct AgentLane {
    std::uint32_t instance = 0;
    std::uint32_t generation = 0;
    std::uint32_t lane = 0;
};

/// Thread-safe.
class AgentLanes {
  public:
    AgentLanes() = default;
    AgentLanes(const AgentLanes&) = delete;
    AgentLanes& operator=(const AgentLanes&) = delete;
    ~AgentLanes() = default;

    void add(std::uint32_t instance, multiplexer::Generation& generation);
    /// When it returns, nobody posts to that generation any more.
    void remove(std::uint32_t instance, std::uint32_t generation);
    [[nodiscard]] bool is_live(const AgentLane& lane) const noexcept;
    /// False: the lane has ended, or is behind.
    bool post(const AgentLane& lane, multiplexer::Signal signal) const;

  private:
    mutable std::shared_mutex mutex_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, multiplexer::Generation*> generations_;
};

}  // namespace patchbay::plugins
