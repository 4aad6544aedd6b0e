// SPDX-License-Identifier: Apache-2.0
/// \file
/// The server's side of the WebSocket handshake, on the bytes of one HTTP request: an answer that
/// upgrades, or one that says why not. `GET /` of somebody who wants no WebSocket is told what this
/// server is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::agent_gateway::websocket {

/// Subprotocol whose binary frames carry envelopes.
inline constexpr std::string_view envelope_subprotocol = "patchbay.envelope.v1";

struct HandshakeRules {
    std::string path{};  ///< empty = any
    /// Values of `Origin` that are accepted; "*" = all. Requests without one, which browsers do not
    /// send, are always accepted.
    std::vector<std::string> origins{};
    bool deflate = false;
    std::size_t head_limit = std::size_t{16} << 10U;
    /// JSON that `GET /` answers with.
    std::string greeting = "{}";
};

enum class HandshakeState : std::uint8_t {
    incomplete,
    upgraded,  ///< frames follow `response`
    answered,  ///< the connection ends after `response`
};

struct Handshake {
    HandshakeState state = HandshakeState::incomplete;
    std::string response{};
    /// Of the request; what follows are frames.
    std::size_t size = 0;
    bool envelopes = false;  ///< the subprotocol was agreed on
    bool deflate = false;
    /// Why it was not upgraded, for the log; static text.
    std::string_view why{};
};

[[nodiscard]] Handshake read_handshake(std::string_view bytes, const HandshakeRules& rules);

/// The whole answer for somebody who sends HTTP to a port where TLS is spoken.
[[nodiscard]] std::string tls_wanted();

/// `Sec-WebSocket-Accept` for a key.
[[nodiscard]] std::string accept_value(std::string_view key);

}  // namespace patchbay::agent_gateway::websocket
