// SPDX-License-Identifier: Apache-2.0
/// \file
/// Frames as a client writes them, for tests.
#pragma once

#include "websocket/frame.hpp"

#include <string>
#include <string_view>

namespace patchbay::agent_gateway::test {

/// A frame with that first byte, masked.
[[nodiscard]] inline std::string raw_frame(unsigned first, std::string_view payload) {
    std::string out(1, static_cast<char>(first));
    const std::size_t size = payload.size();
    if (size < 126) {
        out += static_cast<char>(0x80U | size);
    } else if (size < 65536) {
        out += static_cast<char>(0xFE);
        out += static_cast<char>(size >> 8U);
        out += static_cast<char>(size & 0xFFU);
    } else {
        out += static_cast<char>(0xFF);
        for (int shift = 56; shift >= 0; shift -= 8) {
            out += static_cast<char>((size >> static_cast<unsigned>(shift)) & 0xFFU);
        }
    }
    constexpr std::array<unsigned char, 4> mask{0x12, 0x34, 0x56, 0x78};
    for (const unsigned char byte : mask) {
        out += static_cast<char>(byte);
    }
    for (std::size_t i = 0; i < size; ++i) {
        out += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i % mask.size()]);
    }
    return out;
}

[[nodiscard]] inline std::string client_frame(websocket::Opcode opcode, std::string_view payload,
                                              bool final = true) {
    return raw_frame((final ? 0x80U : 0U) | static_cast<unsigned>(opcode), payload);
}

}  // namespace patchbay::agent_gateway::test
