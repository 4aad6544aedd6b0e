// SPDX-License-Identifier: Apache-2.0
/// \file
/// The lanes of transports, as the identity subsystem sees them: whoever asked something gets an
/// answer, and whoever has an agent is told to ping it, or that its session ended. What a transport
/// really is, nobody here knows.
#pragma once

#include "identity/answer.hpp"

#include <cstdint>
#include <string_view>

namespace patchbay::identity {

/// A lane of a generation of an instance.
struct TransportLane {
    std::uint32_t instance = 0;
    std::uint32_t generation = 0;
    std::uint32_t lane = 0;

    friend bool operator==(const TransportLane&, const TransportLane&) = default;
};

/// The numbers are those of abi.h (PATCHBAY_SESSION_END_*).
enum class SessionEnd : std::uint8_t { replaced = 1, timeout = 2, removed = 3 };

/// The numbers are those of abi.h (PATCHBAY_AGENT_*).
enum class AgentChange : std::uint8_t {
    joined = 1,
    left = 2,
    lost = 3,
    replaced = 4,
    claimed = 5,
    released = 6
};

/// "joined", "left", ...
[[nodiscard]] constexpr std::string_view to_string(AgentChange change) noexcept {
    switch (change) {
        case AgentChange::joined:
            return "joined";
        case AgentChange::left:
            return "left";
        case AgentChange::lost:
            return "lost";
        case AgentChange::replaced:
            return "replaced";
        case AgentChange::claimed:
            return "claimed";
        case AgentChange::released:
            return "released";
    }
    return "unknown";
}

/// Called on any thread, without locks of this room, one call at a time and in order. The functions
/// return promptly, throw nothing, and ignore lanes that have ended.
class Transports {
  public:
    Transports() = default;
    Transports(const Transports&) = delete;
    Transports& operator=(const Transports&) = delete;
    virtual ~Transports() = default;

    /// The answer to the request made with that cookie.
    virtual void answer(const TransportLane& lane, std::uint64_t cookie, const Answer& answer) = 0;
    virtual void ping(const TransportLane& lane, std::uint64_t connection, std::uint64_t value) = 0;
    virtual void end(const TransportLane& lane, std::uint64_t connection, SessionEnd reason,
                     std::string_view agent_id, std::string_view text) = 0;
    /// `agent` is a JSON object with what a list tells. False: the lane is behind, and was not
    /// told.
    virtual bool changed(const TransportLane& lane, AgentChange change, std::string_view agent_id,
                         std::string_view agent, std::uint64_t missed) = 0;
    /// Unlike the others it is called with locks held, and at the same time as others. Once false
    /// for a generation, false for ever; `Registrations::end_generation` follows.
    [[nodiscard]] virtual bool is_live(const TransportLane& lane) const noexcept = 0;
};

}  // namespace patchbay::identity
