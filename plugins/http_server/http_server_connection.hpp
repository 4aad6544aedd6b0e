// SPDX-License-Identifier: Apache-2.0
/// \file
/// Upstream's http_server: external clients reach consumers by HTTP. A request becomes an envelope
/// with a `request` of valory/http, the matching `response` goes back to the client.
#pragma once

#include "server_lane.hpp"

#include <patchbay/async_connection.hpp>
#include <patchbay/listening_sockets.hpp>

#include <memory>
#include <vector>

namespace patchbay::http_server {

class HttpServerConnection final : public Connection {
  public:
    explicit HttpServerConnection(Host& host);

    Awaitable<Result<void>> connect() override;
    Awaitable<Result<void>> disconnect() override;
    void on_batch(Lane& lane, std::span<const TakenEnvelope> batch) override;
    void on_timer(Lane& lane, std::uint64_t token) override;
    void on_parked(Lane& lane) override;
    void on_lane_start(Lane& lane) override;
    void on_lane_stop(Lane& lane) override;

    std::uint32_t max_in_flight() const override { return 4096; }
    std::uint32_t lane_count() const override { return shared_.options.lanes; }
    bool takes_while_disconnecting() const override { return true; }

  private:
    [[nodiscard]] Awaitable<Result<std::vector<std::string>>> addresses();
    [[nodiscard]] Result<void> prepare();

    Shared shared_;
    ListeningSockets sockets_;
    std::vector<std::unique_ptr<ServerLane>> lanes_;
};

}  // namespace patchbay::http_server
