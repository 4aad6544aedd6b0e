// SPDX-License-Identifier: Apache-2.0
/// \file
/// A way from a sender through a server to a receiver, and what can be opened as one.
#pragma once

#include "numbered_message.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

struct Channel {
    int sender = -1;
    int receiver = -1;  ///< the same socket for an echo
    NumberedMessage message;
};

/// What came.
struct Arrived {
    std::uint32_t messages = 0;  ///< good ones
    std::uint32_t refusals = 0;  ///< what the server says instead
};

/// One kind of server, and what is asked of it.
class Wire {
  public:
    Wire() = default;
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;
    virtual ~Wire() = default;

    /// Connects both ends, which are ready for messages afterwards.
    [[nodiscard]] virtual Channel open(std::size_t index) = 0;
    /// Looks at the whole messages at the begin of `bytes`, which move behind them. When the server
    /// asks whether the client lives, it is answered on `socket`.
    [[nodiscard]] virtual Arrived take(std::string_view& bytes, int socket) = 0;
};

}  // namespace bench
