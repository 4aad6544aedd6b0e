// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sockets that become ready in one turn are read one after the other, and what they brought is
/// handled when all are: the system's code and ours do not push each other out of the processor's
/// caches with every message.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace patchbay::agent_gateway {

class AgentSocket;

/// [lane] Of one lane.
class ReadAhead {
  public:
    /// For so many bytes; behind them, the reader's padding may be read.
    explicit ReadAhead(std::size_t size);

    /// Room for one more read, which is never little.
    [[nodiscard]] std::span<char> room() noexcept;
    /// `bytes` are the begin of what `room` gave. When little room is left, all is handled.
    void add(AgentSocket& socket, std::span<char> bytes);
    /// Gives each socket what it brought, in the order of reading.
    void handle();
    /// It has closed.
    void forget(const AgentSocket& socket) noexcept;

  private:
    struct Received {
        AgentSocket* socket;
        std::span<char> bytes;
    };

    std::vector<char> buffer_;
    std::size_t size_;
    std::size_t used_ = 0;
    std::vector<Received> received_;
};

}  // namespace patchbay::agent_gateway
