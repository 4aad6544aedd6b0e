// SPDX-License-Identifier: Apache-2.0
#include "input_pump.hpp"

#include <patchbay/public_id.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace patchbay::stub {

namespace {

using Clock = std::chrono::steady_clock;

/// Lines handed over before the lane takes from its mailbox again.
constexpr unsigned lines_per_turn = 64;
/// Between two attempts to get a lock that somebody else holds.
constexpr std::chrono::milliseconds pump_lock_retry{5};
/// The host writes dead letters in transactions of their own, one after the other.
constexpr std::chrono::milliseconds dead_letter_delay{250};

/// Why the host refused an envelope without keeping it.
Error refusal(std::uint32_t reason) {
    switch (reason) {
        case PATCHBAY_REASON_TOO_LARGE:
            return {ErrorClass::invalid, "delivery.too_large",
                    "the envelope is larger than the host allows"};
        case PATCHBAY_REASON_BAD_FIELD:
            return {ErrorClass::invalid, "delivery.bad_field",
                    "'to', 'sender' or the protocol id is empty or longer than the host allows"};
        default:
            return {ErrorClass::invalid, "delivery.refused", "the host refused the envelope"};
    }
}

}  // namespace

InputPump::InputPump(Connection& connection, InputFile file)
    : connection_(connection),
      file_(std::move(file)),
      watch_(connection.executor(), file_.watch_descriptor()),
      timer_(connection.executor()),
      lines_read_(connection.counter("lines_read", "Lines taken from the input file")),
      lines_malformed_(
          connection.counter("lines_malformed", "Lines of the input file that are no envelope")) {}

InputPump::~InputPump() {
    watch_.release();  // it is the file's
}

Awaitable<void> InputPump::run() {
    const auto self = shared_from_this();
    while (!stopped_) {
        changed_ = false;
        file_.acknowledge_watch();
        const auto pause = co_await drain();
        if (stopped_ || !connection_.is_connected()) {
            break;
        }
        if (!pause) {
            connection_.connection_lost(pause.error());
            break;
        }
        arm_watch();
        const auto deadline = *pause ? Clock::now() + **pause : Clock::time_point::max();
        if (!changed_ && !co_await wait_until(deadline)) {
            break;
        }
    }
}

/// Hands over every line there is room for, then says how long nothing is to be done unless
/// something happens.
Awaitable<Result<InputPump::Pause>> InputPump::drain() {
    InputState state = InputState::idle;
    unsigned handed = 0;
    consume_dead_letters(Clock::now());
    while (!stopped_) {
        if (!line_) {
            const auto next = file_.next(line_);
            if (!next) {
                co_return tl::unexpected<Error>(next.error());
            }
            state = *next;
            if (state != InputState::line) {
                break;
            }
            lines_read_.add();
        }
        const auto handed_over = hand_over(*line_);
        if (!handed_over) {
            co_return tl::unexpected<Error>(handed_over.error());
        }
        if (!*handed_over) {
            break;  // `room` goes on
        }
        line_.reset();
        if (++handed % lines_per_turn == 0) {
            co_await boost::asio::post(connection_.executor(), use_awaitable);
        }
    }
    auto pause = file_.tidy();
    const auto at_most = [&](std::chrono::milliseconds limit) {
        if (pause) {
            *pause = std::min(pause->value_or(limit), limit);
        }
    };
    if (state == InputState::busy) {
        at_most(pump_lock_retry);
    }
    if (!dead_letters_.empty()) {
        at_most(std::chrono::ceil<std::chrono::milliseconds>(
            std::max(dead_letters_.front().written - Clock::now(), Clock::duration::zero())));
    }
    co_return pause;
}

/// True when the line is done with here, false when its destination has no room. Nothing waits
/// inside the SDK, so that a disconnect need not wait for it either.
Result<bool> InputPump::hand_over(const InputLine& line) {
    if (!line.item.envelope) {
        report_malformed(line, line.item.envelope.error());
        return true;
    }
    EnvelopeView envelope = *line.item.envelope;
    std::string strict_id;
    if (const auto id = view_public_id(envelope.protocol_id); id && id->version.empty()) {
        strict_id = to_string(*id);
        envelope.protocol_id = strict_id;
    }
    Delivery delivery(envelope);
    delivery.receipt = line.ticket;
    delivery.is_request = true;  // whoever answers must not find our mailbox full
    const patchbay_envelope abi = delivery.to_abi();
    patchbay_delivery result{};
    if (connection_.lane().try_deliver({&abi, 1}, {&result, 1}) != PATCHBAY_OK) {
        return failure(ErrorClass::disconnected, "delivery.disconnected",
                       "the host takes no envelopes from this connection now");
    }
    switch (result.status) {
        case PATCHBAY_DELIVERY_FULL:
            return false;
        case PATCHBAY_DELIVERY_INVALID:
            report_malformed(line, refusal(result.reason));
            break;
        case PATCHBAY_DELIVERY_DEAD_LETTERED:
            dead_lettered(line.ticket);
            break;
        default:
            break;
    }
    return true;
}

void InputPump::report_malformed(const InputLine& line, const Error& error) {
    lines_malformed_.add();
    const std::string text = "line of " + std::to_string(line.item.length) + " bytes at offset " +
                             std::to_string(line.item.offset) + " of " + file_.path() + ": " +
                             error.message;
    connection_.log().warning([&] { return text + " [" + error.code + ']'; });
    connection_.malformed(line.item.raw, error.code, text);
    dead_lettered(line.ticket);
}

void InputPump::consumed(std::uint64_t ticket) {
    file_.consumed(ticket);
    notify();
}

void InputPump::dead_lettered(std::uint64_t ticket) {
    if (stopped_) {
        consumed(ticket);  // a host that ends in order writes its dead letters before
        return;
    }
    dead_letters_.push_back({Clock::now() + dead_letter_delay, ticket});
    notify();
}

void InputPump::consume_dead_letters(Clock::time_point until) {
    while (!dead_letters_.empty() && dead_letters_.front().written <= until) {
        file_.consumed(dead_letters_.front().ticket);
        dead_letters_.pop_front();
    }
}

void InputPump::room() {
    if (line_) {
        notify();
    }
}

void InputPump::stop() {
    stopped_ = true;
    watch_.cancel();
    notify();
}

Awaitable<Result<void>> InputPump::finish(Clock::time_point deadline) {
    const auto self = shared_from_this();
    consume_dead_letters(Clock::time_point::max());
    while (unsettled() != 0 && Clock::now() < deadline) {
        changed_ = false;
        if (!co_await wait_until(deadline)) {
            break;
        }
    }
    auto saved = file_.tidy();
    if (!saved) {
        co_return tl::unexpected<Error>(std::move(saved.error()));
    }
    co_return file_.sync();
}

/// False when the coroutine was cancelled.
Awaitable<bool> InputPump::wait_until(Clock::time_point deadline) {
    timer_.expires_at(deadline);
    boost::system::error_code ignored;
    co_await timer_.async_wait(boost::asio::redirect_error(use_awaitable, ignored));
    const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
    co_return cancellation.cancelled() == boost::asio::cancellation_type::none;
}

void InputPump::notify() {
    changed_ = true;
    timer_.cancel();
}

void InputPump::arm_watch() {
    if (watch_armed_) {
        return;
    }
    watch_armed_ = true;
    watch_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                      [self = weak_from_this()](const boost::system::error_code& error) {
                          if (const auto pump = self.lock()) {
                              pump->watch_armed_ = false;
                              if (!error) {
                                  pump->notify();
                              }
                          }
                      });
}

}  // namespace patchbay::stub
