// SPDX-License-Identifier: Apache-2.0
/// \file
/// A WebSocket to a server, plain or with TLS. Beast is behind it, so that it is compiled once.
#pragma once

#include <patchbay/agent/options.hpp>
#include <patchbay/awaitable.hpp>
#include <patchbay/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace patchbay::agent {

struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    std::string path = "/";
    Tls tls;
};

struct TransportLimits {
    std::chrono::milliseconds handshake{10'000};
    std::chrono::milliseconds idle{60'000};
    std::size_t frame_bytes = std::size_t{10} << 20U;
};

/// Close codes of the agent gateway (docs of the plugin agent_gateway).
inline constexpr std::uint16_t close_normal = 1000;
inline constexpr std::uint16_t close_replaced = 4000;

/// How the connection ended, as far as the server said.
struct CloseReason {
    /// 0: without a close frame.
    std::uint16_t code = 0;
    std::string text;
};

/// On one io_context, one reader and one writer at a time.
class Transport {
  public:
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport() = default;

    /// `agent.connect_failed`, with what failed.
    virtual Awaitable<Result<void>> open() = 0;
    /// One message. `agent.lost` at the end; `close_reason` tells more.
    virtual Awaitable<Result<std::string>> read() = 0;
    virtual Awaitable<Result<void>> write(const std::string& text) = 0;
    /// The closing handshake, within the time limit of handshakes. Beside a reader.
    virtual Awaitable<void> close(std::uint16_t code) = 0;
    /// Everything in progress fails. Any number of times.
    virtual void abort() noexcept = 0;
    [[nodiscard]] virtual CloseReason close_reason() const = 0;
};

/// `agent.bad_tls` when the authorities cannot be read.
[[nodiscard]] Result<std::shared_ptr<Transport>> make_transport(const Executor& executor,
                                                                Endpoint endpoint,
                                                                TransportLimits limits);

}  // namespace patchbay::agent
