// SPDX-License-Identifier: Apache-2.0
/// \file
/// Why a WebSocket ends: RFC 6455 section 7.4, and this gateway's own codes. README.md of the
/// folder above lists them for agents.
#pragma once

#include <cstdint>

namespace patchbay::agent_gateway::websocket {

enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,      ///< the host shuts down
    protocol_error = 1002,  ///< the peer broke RFC 6455
    no_status = 1005,       ///< never on the wire: a close frame without a code
    bad_data = 1007,        ///< text that is not UTF-8, or a compressed message that is broken
    policy = 1008,          ///< not registered in time, too slow, removed by an operator
    too_large = 1009,
    internal_error = 1011,
    restart = 1012,  ///< the gateway reloads: come back
    replaced = 4000,
    heartbeat_timeout = 4001,
};

/// Codes that a close frame may carry: those that are defined, and the ranges for libraries and
/// applications.
[[nodiscard]] constexpr bool may_be_sent(std::uint16_t code) noexcept {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

}  // namespace patchbay::agent_gateway::websocket
