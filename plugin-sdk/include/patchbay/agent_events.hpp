// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a lane hears about the agents of its connection, as types: the answers to its requests
/// (agent_identity.hpp), and why a session ended, and what changed. `Connection` has one function
/// for each of them.
#pragma once

#include <patchbay/result.hpp>

#include <cstdint>
#include <string_view>

namespace patchbay {

/// Answer to one request of `AgentIdentity`. Its views are valid while `on_identity_answer` runs.
struct IdentityAnswer {
    /// As given with the request.
    std::uint64_t cookie = 0;
    /// PATCHBAY_OK, or what to do about the failure (an ErrorClass).
    std::int32_t status = 0;
    /// See the request: a session, or whether a certificate is valid.
    std::uint64_t value = 0;
    /// Stable code of the failure; for `validate`, why the certificate is not valid.
    std::string_view code{};
    /// A JSON object; on failure with at least `error`, the text for the agent.
    std::string_view payload{};

    [[nodiscard]] bool is_ok() const noexcept { return status >= 0; }
};

/// Why the host ended the registration of a connection (PATCHBAY_SESSION_END_*).
enum class SessionEnd : std::uint32_t {
    replaced = 1,  ///< a newer registration of the id took its place
    timeout = 2,   ///< silent for too long
    removed = 3,   ///< by an operator, or its claim was revoked
};

/// What became of an agent (PATCHBAY_AGENT_*).
enum class AgentChange : std::uint32_t {
    joined = 1,    ///< registered, and was not there before
    left = 2,      ///< unregistered, or its socket closed and it did not come back
    lost = 3,      ///< silent for too long
    replaced = 4,  ///< another connection took its place, or it came back
    claimed = 5,
    released = 6,
};

}  // namespace patchbay
