// SPDX-License-Identifier: Apache-2.0
/// \file
/// The identity subsystem as this room needs it: what stands behind patchbay.identity/1. Views are
/// valid during the call. Answers come as signals to the lane, through `lanes`.
#pragma once

#include "plugins/agent_lanes.hpp"

#include <patchbay/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::plugins {

/// Times in nanoseconds. Views live as long as the subsystem.
struct AgentIdentitySettings {
    std::string_view network_name;
    std::string_view network_id;
    std::uint64_t heartbeat_interval = 0;
    std::uint64_t agent_timeout = 0;
    std::uint64_t ping_timeout = 0;
    std::uint64_t certificate_lifetime = 0;
    bool openagents_05 = false;
};

struct AgentRegistration {
    std::uint64_t connection = 0;
    std::string_view agent_id;
    std::string_view metadata;
    std::string_view certificate;
    std::string_view proof;
    std::string_view remote;
    std::string_view transport;
    bool force = false;
};

struct AgentClaim {
    std::uint64_t session = 0;
    std::string_view agent_id;
    std::string_view certificate;
    std::string_view token;
    std::string_view public_key;
    std::string_view remote;
    bool force = false;
};

struct KnownAgent {
    bool online = false;
    bool claimed = false;
    std::uint64_t session = 0;
    std::uint64_t connection = 0;
    AgentLane lane{};
};

/// Thread-safe; nothing but `open` blocks. Requests with a cookie that succeed here are answered on
/// their lane.
class AgentIdentity {
  public:
    AgentIdentity() = default;
    AgentIdentity(const AgentIdentity&) = delete;
    AgentIdentity& operator=(const AgentIdentity&) = delete;
    virtual ~AgentIdentity() = default;

    /// A plugin asks for the extension: the first one makes the subsystem open its files. Without
    /// success nothing else here is called. [may block]
    [[nodiscard]] virtual Result<void> open() = 0;
    [[nodiscard]] virtual AgentLanes& lanes() noexcept = 0;
    /// Also without `open`.
    virtual void end_generation(std::uint32_t instance, std::uint32_t generation) = 0;

    [[nodiscard]] virtual AgentIdentitySettings settings() const = 0;
    virtual Result<void> register_agent(const AgentLane& lane, const AgentRegistration& wanted,
                                        std::uint64_t cookie) = 0;
    virtual void unregister(std::uint64_t session) = 0;
    virtual Result<void> move(const AgentLane& lane, std::uint64_t session,
                              std::uint64_t connection) = 0;
    virtual void touch(std::uint64_t session) noexcept = 0;
    virtual void pong(std::uint64_t session, std::uint64_t value, bool success) = 0;
    virtual Result<void> claim(const AgentLane& lane, const AgentClaim& wanted,
                               std::uint64_t cookie) = 0;
    virtual Result<void> renew(const AgentLane& lane, std::uint64_t session, bool void_earlier,
                               std::uint64_t cookie) = 0;
    virtual Result<void> release(const AgentLane& lane, std::uint64_t session,
                                 std::uint64_t cookie) = 0;
    virtual Result<void> validate(const AgentLane& lane, std::string_view certificate,
                                  std::string_view remote, std::uint64_t cookie) = 0;
    [[nodiscard]] virtual std::optional<KnownAgent> lookup(std::string_view agent_id) const = 0;
    /// A JSON array.
    [[nodiscard]] virtual std::string list(std::string_view after, std::uint32_t limit) const = 0;
    virtual Result<void> subscribe(const AgentLane& lane, bool wanted) = 0;
};

}  // namespace patchbay::plugins
