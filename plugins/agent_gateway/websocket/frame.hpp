// SPDX-License-Identifier: Apache-2.0
/// \file
/// Frames of RFC 6455 as bytes: the head of one that a client sent, and those that a server sends.
#pragma once

#include "close_code.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::agent_gateway::websocket {

enum class Opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10,
};

[[nodiscard]] constexpr bool is_control(Opcode opcode) noexcept {
    return static_cast<std::uint8_t>(opcode) >= 8;
}

/// Payload of a control frame at most.
inline constexpr std::size_t control_bound = 125;
/// Head of a client's frame at most, its mask included.
inline constexpr std::size_t head_bound = 14;

struct FrameHead {
    Opcode opcode = Opcode::text;
    bool final = true;
    bool compressed = false;  ///< RSV1: the first frame of a compressed message
    std::array<unsigned char, 4> mask{};
    std::uint64_t length = 0;  ///< of the payload
    std::size_t size = 0;      ///< of the head
};

enum class HeadState : std::uint8_t { incomplete, complete, violation };

/// Reads the head of a client's frame at the start of `bytes`. On a violation (the client is to be
/// told 1002) `why` says which rule it breaks; it refers to static text.
[[nodiscard]] HeadState read_frame_head(std::string_view bytes, bool deflate, FrameHead& head,
                                        std::string_view& why) noexcept;

/// Takes the mask off `size` bytes that begin `offset` bytes into the payload.
void unmask(char* data, std::size_t size, const std::array<unsigned char, 4>& mask,
            std::uint64_t offset) noexcept;

/// Appends the head of a server's whole message or control frame, whose payload is to follow.
void append_frame_head(std::string& out, Opcode opcode, std::uint64_t length,
                       bool compressed = false);
void append_frame(std::string& out, Opcode opcode, std::string_view payload);
/// `reason` is cut at a character to what fits.
void append_close(std::string& out, CloseCode code, std::string_view reason);

}  // namespace patchbay::agent_gateway::websocket
