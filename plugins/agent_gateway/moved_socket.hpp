// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a generation of the gateway tells the next one of a socket that moves there between two
/// frames. Both run in one process, so numbers are written as they lie in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::agent_gateway {

struct MovedSocket {
    /// Of this form of the text; to be changed with it.
    static constexpr const char* kind = "patchbay/agent_gateway:socket:1";

    /// Where its agent's envelopes wait.
    std::uint32_t lane = 0;
    /// 0: it is nobody's yet.
    std::uint64_t session = 0;
    std::string agent_id{};
    bool speaks_envelopes = false;
    bool deflates = false;
    bool wants_presence = false;
    /// Begin of a frame.
    std::string kept{};
};

[[nodiscard]] std::string to_state(const MovedSocket& socket);
/// Nothing when it is not such a text.
[[nodiscard]] std::optional<MovedSocket> read_moved_socket(std::string_view state);

}  // namespace patchbay::agent_gateway
