// SPDX-License-Identifier: Apache-2.0
/// \file
/// Connections that are there and say nothing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bench {

enum class Idle : std::uint8_t {
    agents,   ///< registered agents of our gateway
    sockets,  ///< WebSockets of a server that sends every message back; each did so once
};

/// Opens them, prints `ready COUNT`, and is idle for `seconds`, in which only pings are answered.
/// Then asks each for one more answer and prints `alive COUNT`.
void hold_idle(Idle kind, std::uint16_t port, std::size_t count, double seconds);

}  // namespace bench
