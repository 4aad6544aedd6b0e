// SPDX-License-Identifier: Apache-2.0
#include "http_client_connection.hpp"

#include <utility>

namespace patchbay::http_client {

namespace {

/// The lane's only timer.
constexpr std::uint64_t deadlines_timer = 1;

}  // namespace

HttpClientConnection::HttpClientConnection(Host& host)
    : HttpClientConnection(host, system_lookup) {}

HttpClientConnection::HttpClientConnection(Host& host, NameResolver::Lookup lookup)
    : Connection(host), options_(Options::read(host)), lookup_(std::move(lookup)), metrics_(host) {}

Awaitable<Result<void>> HttpClientConnection::connect() {
    shut_down();
    auto tls = net::TlsContext::for_client(options_.tls);
    if (!tls) {
        co_return tl::unexpected<Error>(std::move(tls.error()));
    }
    tls_ = std::move(*tls);
    if (!options_.tls.verify) {
        log().warning(
            "'verify' is false: the certificates of servers are NOT checked, and whoever "
            "sits between can read and change every https request");
    }
    client_.emplace(lane(), host(), options_, *tls_, metrics_, lookup_, deadlines_timer);
    co_return success();
}

Awaitable<Result<void>> HttpClientConnection::disconnect() {
    shut_down();
    co_return success();
}

void HttpClientConnection::shut_down() {
    if (client_) {
        client_->shut_down();
        client_.reset();
    }
}

void HttpClientConnection::on_batch(Lane& lane, std::span<const TakenEnvelope> batch) {
    if (client_) {
        client_->handle(batch);
        return;
    }
    for (const TakenEnvelope& envelope : batch) {
        lane.complete(envelope.token(), ensure_connected());
    }
}

void HttpClientConnection::on_cancel(Lane&, std::uint64_t token) {
    if (client_) {
        client_->cancel(token);
    }
}

void HttpClientConnection::on_room(Lane&, std::uint32_t destination) {
    if (client_) {
        client_->on_room(destination);
    }
}

void HttpClientConnection::on_timer(Lane&, std::uint64_t token) {
    if (client_ && token == deadlines_timer) {
        client_->on_timer();
    }
}

void HttpClientConnection::on_lane_stop(Lane& lane) {
    Connection::on_lane_stop(lane);
    shut_down();
}

std::uint32_t HttpClientConnection::max_in_flight() const {
    return 1024;
}

}  // namespace patchbay::http_client
