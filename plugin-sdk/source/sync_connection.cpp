// SPDX-License-Identifier: Apache-2.0
#include "event.hpp"
#include "instance.hpp"
#include "worker_pool.hpp"

#include <patchbay/sync_connection.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace patchbay {

namespace {

using Clock = std::chrono::steady_clock;

/// A job on the pool whose end a coroutine waits for. Shared, because either side may end first.
struct Waiting {
    explicit Waiting(const Executor& executor) : ended(executor) {}
    detail::Event ended;
    std::optional<Result<void>> result;
};

}  // namespace

struct BaseSyncConnection::Background {
    explicit Background(const Executor& executor) : ended(executor) {}
    detail::Event ended;
};

BaseSyncConnection::BaseSyncConnection(Host& host)
    : Connection(host),
      background_(std::make_unique<Background>(executor())),
      pool_(std::make_unique<detail::WorkerPool>(host)) {}

BaseSyncConnection::~BaseSyncConnection() = default;

Result<void> BaseSyncConnection::on_connect() {
    return {};
}

Result<void> BaseSyncConnection::on_disconnect() {
    return {};
}

Result<void> BaseSyncConnection::on_send(const TakenEnvelope&) {
    return failure(ErrorClass::unsupported, "connection.no_send", "This connection sends nothing.");
}

void BaseSyncConnection::main() {}

Result<void> BaseSyncConnection::put_envelope(const Delivery& delivery) {
    // Answers to sends in progress still pass while it disconnects.
    if (state() != ConnectionState::connected && state() != ConnectionState::disconnecting) {
        return ensure_connected();
    }
    return lane().deliver_blocking(delivery);
}

Result<std::string> BaseSyncConnection::call_and_wait(std::string_view dependency,
                                                      std::string_view method,
                                                      std::string_view arguments) {
    return lane().call_blocking(dependency, method, arguments);
}

std::uint32_t BaseSyncConnection::max_thread_workers() const {
    return 5;
}

std::uint32_t BaseSyncConnection::workers() const {
    const std::uint32_t chosen = host().max_thread_workers();
    return std::max<std::uint32_t>(chosen != 0 ? chosen : max_thread_workers(), 1);
}

std::uint32_t BaseSyncConnection::max_in_flight() const {
    return host().ordered_sends() ? 1 : workers();
}

// ---- The asynchronous interface -----------------------------------------------------------------

Awaitable<Result<void>> BaseSyncConnection::on_pool(std::function<Result<void>()> function) {
    const auto waiting = std::make_shared<Waiting>(executor());
    const bool submitted =
        pool_->submit([waiting, lane = executor(), function = std::move(function)] {
            Result<void> result;
            try {
                result = function();
            } catch (...) {
                result = tl::unexpected<Error>(describe_current_exception("a worker"));
            }
            boost::asio::post(lane, [waiting, result = std::move(result)] {
                waiting->result = result;
                waiting->ended.notify();
            });
        });
    if (!submitted) {
        co_return failure(ErrorClass::failed, "sync.no_workers", "The workers have stopped.");
    }
    while (!waiting->result) {
        co_await waiting->ended.wait();
    }
    co_return *waiting->result;
}

Awaitable<Result<void>> BaseSyncConnection::connect() {
    auto result = pool_->start(workers());
    if (!result) {
        co_return result;
    }
    if (pool_->background_runs()) {
        co_return failure(ErrorClass::failed, "sync.main_still_runs",
                          "main of the previous connect has not returned yet.");
    }
    result = co_await on_pool([this] { return on_connect(); });
    if (!result) {
        pool_->stop();
    }
    co_return result;
}

void BaseSyncConnection::on_connected() {
    const auto started = pool_->start_background(
        [this] {
            try {
                main();
            } catch (...) {
                log().error(to_string(describe_current_exception("main")));
            }
        },
        [this] { boost::asio::post(executor(), [this] { background_->ended.notify(); }); });
    if (!started) {
        log().error(to_string(started.error()));
    }
}

Awaitable<Result<void>> BaseSyncConnection::disconnect() {
    // Sends have ended by now, or the host gave them up; main gets most of the time that is left.
    const auto now = Clock::now();
    const auto deadline = now + std::max(Clock::duration::zero(), operation_deadline() - now) / 2;
    while (pool_->background_runs() && Clock::now() < deadline) {
        co_await background_->ended.wait_until(deadline);
    }
    Result<void> result;
    if (pool_->background_runs()) {
        result = failure(
            ErrorClass::failed, "sync.main_ignores_the_end",
            "main of '" + name() + "' did not return although the connection is disconnecting.");
        log().error(result.error().message);
    }
    if (pool_->busy() >= workers()) {
        pool_->stop();
        co_return failure(ErrorClass::failed, "sync.workers_hang",
                          "No worker of '" + name() +
                              "' is free for on_disconnect: on_send did not return in time.");
    }
    auto ended = co_await on_pool([this] { return on_disconnect(); });
    pool_->stop();
    co_return ended ? result : ended;
}

void BaseSyncConnection::on_lane_stop(Lane&) {
    pool_->stop();  // also without a disconnect before: idle workers would never end
}

void BaseSyncConnection::on_batch(Lane& lane, std::span<const TakenEnvelope> batch) {
    for (const TakenEnvelope& envelope : batch) {
        const bool submitted = pool_->submit([this, &lane, envelope] {
            Result<void> result;
            try {
                result = on_send(envelope);
            } catch (...) {
                result = tl::unexpected<Error>(describe_current_exception("on_send"));
            }
            lane.complete(envelope.token(), result);
        });
        if (!submitted) {
            lane.complete(envelope.token(), failure(ErrorClass::disconnected, "sync.no_workers",
                                                    "The workers have stopped."));
        }
    }
}

void BaseSyncConnection::on_cancel(Lane&, std::uint64_t) {
    // A blocking call cannot be interrupted; its completion frees the envelope.
}

}  // namespace patchbay
