// SPDX-License-Identifier: Apache-2.0
/// \file
/// A lane: one mailbox, one thread, one io_context. Everything that a connection does on a lane is
/// serialised there, so that its state needs no locks. Most connections have one lane and use it
/// through the functions of `Connection`; this class is for those with several, and for batches.
///
/// Functions are [lane] unless they say [any-thread].
#pragma once

#include <patchbay/abi.h>
#include <patchbay/awaitable.hpp>
#include <patchbay/envelope_exchange.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace patchbay {

namespace detail {
class LaneCore;
}  // namespace detail

class Lane {
  public:
    explicit Lane(detail::LaneCore& core) : core_(&core) {}
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    /// 0 to the connection's `lane_count` - 1. [any-thread]
    [[nodiscard]] std::uint32_t index() const noexcept;
    /// For sockets, timers and `co_spawn` on this lane; posting to it works from any thread. Exists
    /// from the connection's constructor on for lane 0, from `on_lane_start` on for all.
    [[nodiscard]] Executor executor() const noexcept;
    [[nodiscard]] boost::asio::io_context& context() const noexcept;
    /// The host's lane, for extensions that this SDK does not wrap. Null before the lane runs.
    [[nodiscard]] patchbay_lane* abi() const noexcept;

    /// Starts a coroutine that belongs to the connection: it is cancelled after `disconnect` (lane
    /// 0) and when the lane ends, both wait for it, and an exception that leaves it is reported
    /// under `name`.
    void spawn(std::string_view name, Awaitable<void> coroutine);

    /// Delivers and waits for room when the destination is full; the views of `delivery` must live
    /// until then. Meanwhile the lane takes its own mailbox, and deliveries elsewhere proceed;
    /// those to one destination keep their order. Failures: `delivery.<reason>` (the host kept a
    /// dead letter), class invalid (nothing was kept), `delivery.disconnected`,
    /// `delivery.too_many_waiting` (class overloaded).
    [[nodiscard]] Awaitable<Result<void>> deliver(Delivery delivery);
    /// The same, and waits for the receipt: what became of it at its destination, and of all that
    /// was sent on its behalf.
    [[nodiscard]] Awaitable<Result<Receipt>> deliver_for_receipt(Delivery delivery);
    /// Without waiting: delivers now or, when the destination is full, keeps a copy and delivers it
    /// when there is room. False when the bounded list of those kept is full: nothing was done.
    bool post(const Delivery& delivery);
    /// One batch, as the ABI has it; for connections that handle FULL by themselves and override
    /// `on_room`. `results` has an entry for each. [any-thread]
    patchbay_status try_deliver(std::span<const patchbay_envelope> envelopes,
                                std::span<patchbay_delivery> results);
    /// Tells the host that the lane is awake. A handler of the io_context that is about to deliver
    /// requests whose answers may come at once spares both sides a wake-up with it.
    void end_sleep() noexcept;
    /// Blocks until it was accepted or refused. [any-thread] but the lanes' own. [may-block]
    [[nodiscard]] Result<void> deliver_blocking(const Delivery& delivery);

    /// Completes an envelope taken from this lane, exactly once: done, or failed with code and
    /// text. [any-thread]
    void complete(std::uint64_t token, const Result<void>& result = {});
    /// Several at once, all done. [any-thread]
    void complete(std::span<const std::uint64_t> tokens);
    /// It answers a dialogue that this generation does not hold; the host asks older ones.
    /// [any-thread]
    void complete_not_mine(std::uint64_t token);
    /// Envelopes taken from this lane and not completed yet. [any-thread]
    [[nodiscard]] std::uint32_t in_flight() const noexcept;

    /// Calls `method` of the dependency with that public id. `arguments` is copied. Failures:
    /// `call.undeclared_dependency`, `call.too_many_waiting`, those of the host, and the
    /// dependency's own.
    [[nodiscard]] Awaitable<Result<std::string>> call(std::string_view dependency,
                                                      std::string_view method,
                                                      std::string_view arguments);
    /// The same from a thread that is not a lane's. [any-thread] [may-block]
    [[nodiscard]] Result<std::string> call_blocking(std::string_view dependency,
                                                    std::string_view method,
                                                    std::string_view arguments);

    /// One `Connection::on_timer` with `token` after `delay`; setting a running token moves it.
    /// By the host's clock, which tests may run by hand; `Timer` is the other choice.
    Result<void> set_timer(std::uint64_t token, std::chrono::nanoseconds delay);
    void cancel_timer(std::uint64_t token);
    /// One `Connection::on_wake` soon. [any-thread]
    void wake();

  private:
    detail::LaneCore* core_;
};

}  // namespace patchbay
