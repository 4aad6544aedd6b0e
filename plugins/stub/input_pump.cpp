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
constexpr std::chrono::milliseconds lock_retry{5};

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
        if (stopped_) {
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

/// Hands over every line there is, then says how long nothing is to be done unless something
/// happens.
Awaitable<Result<InputPump::Pause>> InputPump::drain() {
    std::optional<InputLine> line;
    InputState state = InputState::idle;
    unsigned handed = 0;
    while (!stopped_) {
        const auto next = file_.next(line);
        if (!next) {
            co_return tl::unexpected<Error>(next.error());
        }
        state = *next;
        if (state != InputState::line) {
            break;
        }
        auto taken = co_await hand_over(*line);
        if (!taken) {
            co_return tl::unexpected<Error>(std::move(taken.error()));
        }
        if (++handed % lines_per_turn == 0) {
            co_await boost::asio::post(connection_.executor(), use_awaitable);
        }
    }
    auto pause = file_.tidy();
    if (pause && state == InputState::busy) {
        *pause = std::min(pause->value_or(lock_retry), lock_retry);
    }
    co_return pause;
}

Awaitable<Result<void>> InputPump::hand_over(const InputLine& line) {
    lines_read_.add();
    if (!line.item.envelope) {
        report_malformed(line, line.item.envelope.error());
        co_return success();
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
    const auto accepted = co_await connection_.deliver(delivery);
    if (accepted) {
        co_return success();
    }
    const Error& error = accepted.error();
    if (error.error_class == ErrorClass::invalid) {
        report_malformed(line, error);
        co_return success();
    }
    if (error.error_class == ErrorClass::failed && error.code != "delivery.failed") {
        file_.consumed(line.ticket);  // the host keeps it as a dead letter
        co_return success();
    }
    co_return accepted;  // not consumed: it comes again after the next connect
}

void InputPump::report_malformed(const InputLine& line, const Error& error) {
    lines_malformed_.add();
    const std::string text = "line of " + std::to_string(line.item.length) + " bytes at offset " +
                             std::to_string(line.item.offset) + " of " + file_.path() + ": " +
                             error.message;
    connection_.log().warning([&] { return text + " [" + error.code + ']'; });
    connection_.malformed(line.item.raw, error.code, text);
    file_.consumed(line.ticket);
}

void InputPump::consumed(std::uint64_t ticket) {
    file_.consumed(ticket);
    notify();
}

void InputPump::stop() {
    stopped_ = true;
    watch_.cancel();
    notify();
}

Awaitable<Result<void>> InputPump::finish(Clock::time_point deadline) {
    const auto self = shared_from_this();
    while (file_.outstanding() != 0 && Clock::now() < deadline) {
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
