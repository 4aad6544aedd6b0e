// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which connection reaches which agent. The identity subsystem tells the multiplexer when agents
/// come and go; the multiplexer keeps the answer in the same table as learned routes, so that one
/// look-up on the hot path serves both.
#pragma once

#include <patchbay/result.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace patchbay::multiplexer {

/// Any lane of the instance will do.
inline constexpr std::uint32_t any_lane = 0xFFFF;

struct AgentRoute {
    std::uint32_t instance = 0;
    std::uint32_t lane = any_lane;

    friend bool operator==(const AgentRoute&, const AgentRoute&) = default;
};

/// All functions are callable from any thread and return promptly.
class AgentDirectory {
  public:
    AgentDirectory() = default;
    AgentDirectory(const AgentDirectory&) = delete;
    AgentDirectory& operator=(const AgentDirectory&) = delete;
    virtual ~AgentDirectory() = default;

    /// The agent is reached through that instance from now on. Fails when the directory is full or
    /// the address is empty or too long.
    virtual Result<void> attach(std::string_view address, AgentRoute route) = 0;
    /// Forgets it, if it is still reached that way: a late detach does not undo a newer attach.
    virtual bool detach(std::string_view address, AgentRoute route) = 0;
    [[nodiscard]] virtual std::optional<AgentRoute> lookup(std::string_view address) const = 0;
};

}  // namespace patchbay::multiplexer
