// SPDX-License-Identifier: Apache-2.0
/// \file
/// As much of a WebSocket client as the load needs: it knows what the servers send to it, and
/// checks no more than that.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

enum class Opcode : std::uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

struct Frame {
    Opcode opcode = Opcode::text;
    std::string_view payload;
};

/// Of every frame: it is the server that has work with it, and any key is as much work.
inline constexpr std::array<char, 4> mask_key{'\x1b', '\x5a', '\x33', '\x77'};

/// A client's frame, masked.
void append_frame(std::string& out, Opcode opcode, std::string_view payload);

/// The whole frame at the begin of `bytes`, which move behind it; nothing while it is not complete.
[[nodiscard]] std::optional<Frame> take_frame(std::string_view& bytes);

/// Asks for the upgrade, with that subprotocol unless it is empty, and waits for it.
void upgrade(int socket, std::string_view subprotocol);

/// Waits for the next message; answers pings meanwhile.
[[nodiscard]] std::string next_message(int socket);

}  // namespace bench
