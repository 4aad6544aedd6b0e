// SPDX-License-Identifier: Apache-2.0
/// \file
/// Upstream's http_client connection: a `request` of valory/http comes in, the `response` goes out
/// in the same dialogue. README.md says what is configurable; client.hpp does the work.
#pragma once

#include "client.hpp"
#include "options.hpp"

#include <patchbay/connection.hpp>
#include <patchbay/net/tls.hpp>

#include <cstdint>
#include <optional>
#include <span>

namespace patchbay::http_client {

class HttpClientConnection : public Connection {
  public:
    /// Throws ConfigError.
    explicit HttpClientConnection(Host& host);
    /// With another look-up of names than the system's; for tests.
    HttpClientConnection(Host& host, NameResolver::Lookup lookup);

    [[nodiscard]] Awaitable<Result<void>> connect() override;
    [[nodiscard]] Awaitable<Result<void>> disconnect() override;
    void on_batch(Lane& lane, std::span<const TakenEnvelope> batch) override;
    void on_cancel(Lane& lane, std::uint64_t token) override;
    void on_room(Lane& lane, std::uint32_t destination) override;
    void on_timer(Lane& lane, std::uint64_t token) override;
    void on_lane_stop(Lane& lane) override;
    [[nodiscard]] std::uint32_t max_in_flight() const override;

  private:
    void shut_down();

    Options options_;
    NameResolver::Lookup lookup_;
    ClientMetrics metrics_;
    std::optional<net::TlsContext> tls_;
    std::optional<Client> client_;
};

}  // namespace patchbay::http_client
