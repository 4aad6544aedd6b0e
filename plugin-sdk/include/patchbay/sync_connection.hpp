// SPDX-License-Identifier: Apache-2.0
/// \file
/// The synchronous interface: blocking functions on a pool of threads, for SDKs and APIs that have
/// nothing else. Upstream's `BaseSyncConnection`, with its holes closed: failures of `on_send`
/// reach the host's policy, the queue is bounded (an envelope that no worker can take stays in the
/// host's mailbox), and a `main` that ignores the end is reported.
#pragma once

#include <patchbay/async_connection.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay {

namespace detail {
class WorkerPool;
}  // namespace detail

class BaseSyncConnection : public Connection {
  public:
    explicit BaseSyncConnection(Host& host);
    ~BaseSyncConnection() override;

    // ---- What the developer implements; each may block
    // -------------------------------------------
    /// [worker] Default: nothing to do.
    virtual Result<void> on_connect();
    /// [worker] After `main` and all sends have ended. Default: nothing to do.
    virtual Result<void> on_disconnect();
    /// [worker] One envelope, valid until it returns. Calls start in order and run in parallel on
    /// `max_thread_workers` threads; one at a time with the operator's `ordered_sends`. An
    /// exception is a failure.
    virtual Result<void> on_send(const TakenEnvelope& envelope);
    /// Runs once per connect, on a thread of its own, so that all workers stay for sends. Returns
    /// soon after `is_connected` became false.
    virtual void main();

    // ---- What it uses
    // ----------------------------------------------------------------------------
    /// Delivers from any thread of the connection (`main`, workers, own ones); blocks while the
    /// destination is full. Fails with `connection.not_connected` when not connected.
    Result<void> put_envelope(const Delivery& delivery);
    Result<void> put_envelope(const Envelope& envelope) { return put_envelope(Delivery(envelope)); }
    /// Delivers the answer to `request`.
    Result<void> put_reply(const TakenEnvelope& request, const EnvelopeView& answer) {
        return put_envelope(Delivery::reply(request, answer));
    }
    /// Calls a dependency and waits for its answer.
    Result<std::string> call_and_wait(std::string_view dependency, std::string_view method,
                                      std::string_view arguments);

    /// Threads of the pool; the operator's `max_thread_workers` overrides it.
    [[nodiscard]] virtual std::uint32_t max_thread_workers() const;
    /// As many as there are workers: what none can take waits in the host's mailbox.
    [[nodiscard]] std::uint32_t max_in_flight() const final;

    // ---- How the asynchronous interface is served
    // ------------------------------------------------
    [[nodiscard]] Awaitable<Result<void>> connect() final;
    [[nodiscard]] Awaitable<Result<void>> disconnect() final;
    void on_batch(Lane& lane, std::span<const TakenEnvelope> batch) final;
    void on_cancel(Lane& lane, std::uint64_t token) final;
    void on_connected() final;
    void on_lane_stop(Lane& lane) final;

  private:
    struct Background;
    [[nodiscard]] std::uint32_t workers() const;
    Awaitable<Result<void>> on_pool(std::function<Result<void>()> function);

    std::unique_ptr<Background> background_;
    std::unique_ptr<detail::WorkerPool> pool_;
};

}  // namespace patchbay
