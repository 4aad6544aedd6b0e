// SPDX-License-Identifier: Apache-2.0
/// \file
/// One client of the control socket. Private to this room: it shows Asio.
#pragma once

#include "control/registry.hpp"
#include "control/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <functional>
#include <memory>

namespace patchbay::control {

/// Serves the client until it leaves, a limit is passed, or `close`. Loop's thread only.
class Session {
  public:
    using Socket = boost::asio::local::stream_protocol::socket;

    Session() = default;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    virtual ~Session() = default;

    virtual void close() = 0;

    /// `ended` is called once. `options` and `registry` must outlive the loop.
    [[nodiscard]] static std::shared_ptr<Session> start(Socket socket, const ServerOptions& options,
                                                        const Registry& registry,
                                                        std::function<void()> ended);
};

}  // namespace patchbay::control
