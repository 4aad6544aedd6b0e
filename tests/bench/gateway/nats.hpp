// SPDX-License-Identifier: Apache-2.0
/// \file
/// Publishers and subscribers of nats-server, in its text protocol.
#pragma once

#include "channel.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace bench {

/// Each channel is one connection that publishes `content` bytes to a subject of its own, and one
/// that subscribes to it.
[[nodiscard]] std::unique_ptr<Wire> nats_pairs(std::uint16_t port, std::size_t content);

}  // namespace bench
