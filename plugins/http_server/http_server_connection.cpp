// SPDX-License-Identifier: Apache-2.0
#include "http_server_connection.hpp"

#include "openapi_checker.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <chrono>
#include <utility>

namespace patchbay::http_server {

namespace {

/// Left of the host's limit for `disconnect`, to close what is open.
constexpr std::chrono::milliseconds closing_time{200};

}  // namespace

HttpServerConnection::HttpServerConnection(Host& host)
    : Connection(host), shared_(host, read_options(host)), lanes_(shared_.options.lanes) {
    if (!shared_.options.api_spec_path.empty()) {
        auto checker = load_openapi_checker(shared_.options);
        if (!checker) {
            throw ConfigError(std::move(checker.error()));
        }
        shared_.checker = std::move(*checker);
    }
}

Result<void> HttpServerConnection::prepare() {
    if (shared_.options.tls) {
        auto tls = net::TlsContext::for_server(*shared_.options.tls);
        if (!tls) {
            return tl::unexpected<Error>(std::move(tls.error()));
        }
        shared_.tls = std::make_unique<net::TlsContext>(std::move(*tls));
    }
    if (!shared_.options.access_log.file.empty()) {
        auto log = AccessLog::open(host(), shared_.options.access_log);
        if (!log) {
            return tl::unexpected<Error>(std::move(log.error()));
        }
        shared_.access_log = std::move(*log);
    }
    auto address = listening_address(shared_.options.host);
    if (!address) {
        return tl::unexpected<Error>(std::move(address.error()));
    }
    ListenOptions options;
    options.address = std::move(*address);
    options.port = shared_.options.port;
    options.count = shared_.options.lanes;
    options.backlog = shared_.options.backlog;
    options.unix_mode = shared_.options.unix_mode;
    auto sockets = ListeningSockets::open(host(), options);
    if (!sockets) {
        return tl::unexpected<Error>(std::move(sockets.error()));
    }
    sockets_ = std::move(*sockets);
    shared_.own_host = sockets_.port() != 0 ? sockets_.address() : "localhost";
    return {};
}

Awaitable<Result<void>> HttpServerConnection::connect() {
    if (auto prepared = prepare(); !prepared) {
        co_return prepared;
    }
    for (std::uint32_t index = 0; index < lanes_.size(); ++index) {
        // Hops to the lane, and back with the result.
        const auto begin = [this, index]() -> Awaitable<Result<void>> {
            if (lanes_[index] == nullptr) {
                co_return failure(ErrorClass::failed, "http_server.lane_not_started",
                                  "Lane " + std::to_string(index) + " did not start.");
            }
            co_return lanes_[index]->listen(
                sockets_.descriptors_of(index, static_cast<std::uint32_t>(lanes_.size())));
        };
        Result<void> begun =
            co_await boost::asio::co_spawn(lane(index).executor(), begin(), use_awaitable);
        if (!begun) {
            static_cast<void>(co_await disconnect());
            co_return begun;
        }
    }
    log().info([&] {
        return std::string("serving ") + (shared_.tls ? "https://" : "http://") +
               sockets_.address() + " for '" + shared_.options.target + "'";
    });
    co_return success();
}

Awaitable<Result<void>> HttpServerConnection::disconnect() {
    const auto deadline = operation_deadline() - closing_time;
    const bool replaced = is_being_replaced();
    // All of them stop before the first is waited for: they have the same time.
    for (std::uint32_t index = 0; index < lanes_.size(); ++index) {
        const auto begin = [this, index, replaced]() -> Awaitable<void> {
            if (lanes_[index] != nullptr) {
                lanes_[index]->begin_drain(replaced);
            }
            co_return;
        };
        co_await boost::asio::co_spawn(lane(index).executor(), begin(), use_awaitable);
    }
    for (std::uint32_t index = 0; index < lanes_.size(); ++index) {
        const auto end_idle = [this, index, deadline]() -> Awaitable<void> {
            if (lanes_[index] != nullptr) {
                co_await lanes_[index]->end_idle(deadline);
            }
        };
        co_await boost::asio::co_spawn(lane(index).executor(), end_idle(), use_awaitable);
    }
    for (std::uint32_t index = 0; index < lanes_.size(); ++index) {
        const auto drain = [this, index, deadline]() -> Awaitable<void> {
            if (lanes_[index] != nullptr) {
                co_await lanes_[index]->drain(deadline);
            }
        };
        co_await boost::asio::co_spawn(lane(index).executor(), drain(), use_awaitable);
    }
    sockets_.release();
    shared_.access_log.reset();
    co_return success();
}

void HttpServerConnection::on_batch(Lane& lane, std::span<const TakenEnvelope> batch) {
    lanes_[lane.index()]->on_batch(batch);
}

void HttpServerConnection::on_timer(Lane& lane, std::uint64_t token) {
    if (token == ServerLane::timer && lanes_[lane.index()] != nullptr) {
        lanes_[lane.index()]->on_timer();
    }
}

void HttpServerConnection::on_parked(Lane& lane) {
    if (lanes_[lane.index()] != nullptr) {
        lanes_[lane.index()]->adopt();
    }
}

void HttpServerConnection::on_lane_start(Lane& lane) {
    lanes_[lane.index()] = std::make_unique<ServerLane>(shared_, lane);
}

void HttpServerConnection::on_lane_stop(Lane& lane) {
    lanes_[lane.index()].reset();
}

}  // namespace patchbay::http_server
