// SPDX-License-Identifier: Apache-2.0
/// \file
/// The HTTP client of one lane: takes requests out of envelopes, brings them through redirects and
/// retries, and answers each exactly once, with the response or with status 600 and the reason.
///
/// Reasons of its own, beside those of the parts:
///
/// | code | meaning |
/// | --- | --- |
/// | `http_client.time_limit` | `timeout` passed |
/// | `http_client.first_byte_limit` | `first_byte_timeout` passed |
/// | `http_client.cancelled` | the host no longer waits for the request |
/// | `http_client.disconnected` | the connection was disconnected before the response came |
/// | `redirect.too_many`, `redirect.bad_location`, `redirect.downgrade` | see README.md |
///
/// Envelopes that get no answer fail with `http_client.not_a_request`, or the codes of
/// message.hpp and dialogue.hpp.
#pragma once

#include "answers.hpp"
#include "connection_pool.hpp"
#include "exchange_table.hpp"
#include "lane_services.hpp"

#include <patchbay/connection.hpp>
#include <patchbay/openssl_nonces.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace patchbay::http_client {

struct ClientMetrics {
    explicit ClientMetrics(const Host& host);
    Metric requests;
    Metric responses;
    Metric failures;
    Metric redirects;
    Metric retries;
    Metric connections_opened;
    Metric connections;
    Metric waiting;
};

/// [lane]
class Client final : private ExchangeTimes, private ConnectionPool::Requester {
  public:
    /// `timer` is a token that nobody else uses on the lane. Throws std::system_error when the
    /// system has no descriptors left.
    Client(Lane& lane, const Host& host, const Options& options, const net::TlsContext& tls,
           const ClientMetrics& metrics, NameResolver::Lookup lookup, std::uint64_t timer);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    /// `shut_down` was called before.
    ~Client();

    void handle(std::span<const TakenEnvelope> batch);
    void on_timer();
    void on_room(std::uint32_t destination);
    void cancel(std::uint64_t token);
    /// Answers every request in progress with the reason, and completes them all.
    void shut_down();

    [[nodiscard]] std::size_t in_progress() const noexcept { return exchanges_.size(); }

  private:
    void on_total_limit(Exchange& exchange) noexcept override;
    void on_first_byte_limit(Exchange& exchange) noexcept override;
    void on_retry_time(Exchange& exchange) noexcept override;
    void on_response(Exchange& exchange) noexcept override;
    void on_failure(Exchange& exchange, const Error& why, bool kept) noexcept override;

    void handle(const TakenEnvelope& envelope);
    void refuse(const TakenEnvelope& envelope, const Error& why);
    /// Replaces the origin of the URL by the configured one.
    void forward(Exchange& exchange);
    /// One hop: from the URL to the pool.
    void go(Exchange& exchange) noexcept;
    [[nodiscard]] Result<void> prepare(Exchange& exchange);
    /// True when the response was a redirect that is followed, or has failed the exchange.
    [[nodiscard]] bool redirect(Exchange& exchange);
    [[nodiscard]] bool retry(Exchange& exchange, const Error& why, bool kept);
    /// The exchange is answered; nothing of the network may touch it any more.
    void settle(Exchange& exchange) noexcept;
    void fail(Exchange& exchange, const Error& why);
    void end_turn() noexcept;

    Lane& lane_;
    const Host& host_;
    const Options& options_;
    const ClientMetrics& metrics_;
    LaneServices services_;
    ExchangeTable exchanges_;
    ConnectionPool pool_;
    Answers answers_;
    OpensslNonces nonces_;
    std::uint64_t counted_opened_ = 0;
    std::size_t shown_connections_ = 0;
    std::size_t shown_waiting_ = 0;
    std::int64_t new_requests_ = 0;
    std::int64_t new_responses_ = 0;
    std::int64_t new_failures_ = 0;
};

}  // namespace patchbay::http_client
