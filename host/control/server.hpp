// SPDX-License-Identifier: Apache-2.0
/// \file
/// Serves the control socket on a thread of its own: bounded in clients, line lengths and times.
#pragma once

#include "control/registry.hpp"
#include "events/event.hpp"

#include <patchbay/result.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace patchbay::control {

struct ServerOptions {
    std::string path;
    std::size_t maximum_clients = 16;
    /// From connecting, or from the last answer, to the end of the next request.
    std::chrono::milliseconds request_limit{30'000};
    /// For the handler's answer.
    std::chrono::milliseconds answer_limit{120'000};
    /// For a client to take one write.
    std::chrono::milliseconds write_limit{10'000};
};

class Server {
  public:
    /// Listens at once; see `listen_on` for the errors. `events` must outlive the server. The
    /// registry is copied.
    [[nodiscard]] static Result<std::unique_ptr<Server>> start(ServerOptions options,
                                                               Registry registry,
                                                               events::EventSink& events);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    /// Closes all connections and removes the socket.
    ~Server();

  private:
    struct Core;
    explicit Server(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

}  // namespace patchbay::control
