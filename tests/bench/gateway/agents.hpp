// SPDX-License-Identifier: Apache-2.0
/// \file
/// Agents of our gateway, and the same frames for servers that echo whatever they get.
#pragma once

#include "channel.hpp"
#include "web_socket.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace bench {

/// How messages are written.
enum class Form : std::uint8_t {
    json,      ///< direct messages in text frames
    envelope,  ///< envelopes in binary frames: subprotocol patchbay.envelope.v1
};

/// A connected socket whose agent is registered.
[[nodiscard]] int registered_agent(std::uint16_t port, std::string_view agent_id, Form form);

/// Answers a ping of WebSocket's or of the heartbeat; false for other frames.
bool answer_ping(const Frame& frame, int socket);

/// An agent sends to the connection `patchbay/echo:0.1.0` what echo sends back: from the socket
/// through the gateway, the multiplexer, echo, the multiplexer and the gateway to the socket.
[[nodiscard]] std::unique_ptr<Wire> agent_echo(std::uint16_t port, Form form, std::size_t content);

/// The same frames to a server that sends every message back.
[[nodiscard]] std::unique_ptr<Wire> plain_echo(std::uint16_t port, Form form, std::size_t content);

/// An agent sends to another agent. `content` is the size of what is sent: the object `content` of
/// a JSON message, or the message of an envelope.
[[nodiscard]] std::unique_ptr<Wire> agent_pairs(std::uint16_t port, Form form, std::size_t content);

}  // namespace bench
