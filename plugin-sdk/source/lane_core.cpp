// SPDX-License-Identifier: Apache-2.0
#include "lane_core.hpp"

#include "instance.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace patchbay::detail {

namespace {

constexpr std::uint32_t batch_size = 64;
/// Handlers of the io_context that run before the mailbox gets its turn again.
constexpr int handlers_per_turn = 64;
constexpr std::size_t pending_bound = 4096;
/// Turns with work from the host before the io_context gets its turn. Looking there costs a system
/// call; a lane that runs out of work looks there anyway, when it goes to sleep.
constexpr int turns_between_looks = 4;
/// A lane that was told to stop waits so long for its coroutines.
constexpr std::chrono::seconds stop_limit{2};

template <class Item>
patchbay_array array_over(std::vector<Item>& items, std::uint32_t count) {
    patchbay_array array{};
    array.struct_size = sizeof array;
    array.stride = sizeof(Item);
    array.count = count;
    array.items = items.data();
    return array;
}

}  // namespace

LaneCore::LaneCore(Instance& instance, std::uint32_t index)
    : instance_(instance),
      host_(instance.host().abi()),
      index_(index),
      lane_(*this),
      tasks_(context_,
             [this](TaskKind kind, const std::string& name, const std::exception_ptr& exception) {
                 changed_.notify();
                 if (exception && kind == TaskKind::spawned) {
                     guarded(name, [&] {
                         try {
                             std::rethrow_exception(exception);
                         } catch (const boost::system::system_error& error) {
                             if (error.code() != boost::asio::error::operation_aborted) {
                                 throw;
                             }
                         }
                     });
                 }
             }),
      changed_(context_.get_executor()),
      work_(context_.get_executor()),
      receipts_(pending_bound),
      calls_(pending_bound) {
    static_assert(sizeof(TakenEnvelope) == sizeof(patchbay_envelope));
}

void LaneCore::run(patchbay_lane* lane, std::uint32_t max_in_flight) {
    thread_ = std::this_thread::get_id();
    abi_lane_ = lane;
    max_in_flight_ = std::max<std::uint32_t>(max_in_flight, 1);
    held_limit_ = std::max<std::uint32_t>(instance_.connection().held_limit(), 1);
    batch_.resize(std::min(batch_size, max_in_flight_));
    signals_.resize(batch_size);
    held_.start(host_, lane);
    {
        const std::lock_guard lock(blocked_mutex_);
        blocked_closed_ = false;
    }
    DescriptorWait descriptor(executor(), host_->descriptor(lane));
    descriptor_ = &descriptor;
    guarded("on_lane_start", [&] { instance_.connection().on_lane_start(lane_); });
    for (int busy_turns = 0; !stopping_;) {
        const bool signals = take_signals();
        const bool envelopes = take_envelopes();
        if (!signals && !envelopes) {
            busy_turns = 0;
            sleep();
        } else if (++busy_turns >= turns_between_looks) {
            busy_turns = 0;
            run_ready();
        }
    }
    finish();
    descriptor_ = nullptr;
}

bool LaneCore::take_signals() {
    patchbay_array array = array_over(signals_, batch_size);
    if (host_->signals_take(abi(), &array) != PATCHBAY_OK) {
        return false;
    }
    for (std::uint32_t i = 0; i < array.count; ++i) {
        handle(*static_cast<const patchbay_signal*>(patchbay_array_at(&array, i)));
    }
    return array.count != 0;
}

std::uint32_t LaneCore::takeable() const noexcept {
    const std::uint32_t in_flight = in_flight_.load();
    const ConnectionState state = instance_.state();
    const bool takes =
        state == ConnectionState::connected || (state == ConnectionState::disconnecting &&
                                                instance_.connection().takes_while_disconnecting());
    if (!takes || in_flight >= max_in_flight_) {
        return 0;
    }
    return std::min(static_cast<std::uint32_t>(batch_.size()), max_in_flight_ - in_flight);
}

bool LaneCore::take_envelopes() {
    const std::uint32_t room = takeable();
    if (room == 0) {
        return false;
    }
    patchbay_array array = array_over(batch_, room);
    if (host_->take(abi(), &array) != PATCHBAY_OK || array.count == 0) {
        return false;
    }
    const std::uint32_t before = in_flight_.fetch_add(array.count) + array.count;
    const std::span<const TakenEnvelope> batch(batch_.data(), array.count);
    if (!guarded("on_batch", [&] { instance_.connection().on_batch(lane_, batch); })) {
        // Which of them it completed is not known: those are completed twice, which the host
        // reports and ignores; here only the others count.
        const std::uint32_t completed = before - std::min(before, in_flight_.load());
        const patchbay_error error = to_abi_error(
            {ErrorClass::failed, "on_batch.exception", "on_batch ended with an exception."});
        for (const TakenEnvelope& envelope : batch) {
            const std::uint64_t token = envelope.token();
            host_->complete(host_, &token, 1, PATCHBAY_FAILED, &error);
        }
        in_flight_.fetch_sub(array.count - std::min(array.count, completed));
    }
    return true;
}

void LaneCore::run_ready() {
    for (int handlers = 0; handlers < handlers_per_turn; ++handlers) {
        std::size_t ran = 0;
        guarded("a handler of the lane", [&] { ran = context_.poll_one(); });
        if (ran == 0) {
            return;
        }
    }
}

void LaneCore::sleep() {
    std::uint32_t interest = 0;
    if (takeable() != 0) {
        interest |= PATCHBAY_INTEREST_ENVELOPES;
    }
    if (!host_->sleep(abi(), interest)) {
        return;
    }
    descriptor_->arm();
    asleep_ = true;
    guarded("a handler of the lane", [&] { context_.run_one(); });
    asleep_ = false;
}

void LaneCore::nudge() {
    boost::asio::post(context_, [] {});
}

void LaneCore::handle(const patchbay_signal& signal) {
    Connection& connection = instance_.connection();
    switch (signal.kind) {
        case PATCHBAY_SIGNAL_CONNECT:
            instance_.begin_connect(signal.token, signal.value);
            break;
        case PATCHBAY_SIGNAL_DISCONNECT:
            instance_.begin_disconnect(signal.token, signal.value,
                                       to_view(signal.name) == "reload");
            break;
        case PATCHBAY_SIGNAL_STATE_SAVE:
            instance_.begin_save(signal.token, signal.value);
            break;
        case PATCHBAY_SIGNAL_STATE_LOAD:
            instance_.begin_load(signal.token, signal.value);
            break;
        case PATCHBAY_SIGNAL_PARKED:
            guarded("on_parked", [&] { connection.on_parked(lane_); });
            break;
        case PATCHBAY_SIGNAL_CANCEL:
            guarded("on_cancel", [&] { connection.on_cancel(lane_, signal.token); });
            break;
        case PATCHBAY_SIGNAL_STOP:
            stopping_ = true;
            break;
        case PATCHBAY_SIGNAL_ROOM:
            held_.room(static_cast<std::uint32_t>(signal.value));
            guarded("on_room",
                    [&] { connection.on_room(lane_, static_cast<std::uint32_t>(signal.value)); });
            break;
        case PATCHBAY_SIGNAL_RECEIPT:
            handle_receipt(signal);
            break;
        case PATCHBAY_SIGNAL_TIMER:
            guarded("on_timer", [&] { connection.on_timer(lane_, signal.token); });
            break;
        case PATCHBAY_SIGNAL_WAKE:
            guarded("on_wake", [&] { connection.on_wake(lane_); });
            break;
        case PATCHBAY_SIGNAL_CALL:
            handle_call(signal);
            break;
        case PATCHBAY_SIGNAL_CALL_RESULT:
            handle_call_result(signal);
            break;
        case PATCHBAY_SIGNAL_IDENTITY_RESULT:
        case PATCHBAY_SIGNAL_AGENT_PING:
        case PATCHBAY_SIGNAL_SESSION_END:
        case PATCHBAY_SIGNAL_AGENT_CHANGED:
            handle_agent(signal);
            break;
        default:
            break;  // of a later version of the ABI
    }
}

void LaneCore::handle_agent(const patchbay_signal& signal) {
    Connection& connection = instance_.connection();
    const std::string_view name = to_view(signal.name);
    const std::string_view payload = to_view(signal.payload);
    switch (signal.kind) {
        case PATCHBAY_SIGNAL_IDENTITY_RESULT:
            guarded("on_identity_answer", [&] {
                connection.on_identity_answer(
                    lane_, {signal.token, signal.status, signal.value, name, payload});
            });
            break;
        case PATCHBAY_SIGNAL_AGENT_PING:
            guarded("on_agent_ping",
                    [&] { connection.on_agent_ping(lane_, signal.token, signal.value); });
            break;
        case PATCHBAY_SIGNAL_SESSION_END:
            guarded("on_session_end", [&] {
                connection.on_session_end(lane_, signal.token,
                                          static_cast<SessionEnd>(signal.value), name, payload);
            });
            break;
        default:
            guarded("on_agent_changed", [&] {
                connection.on_agent_changed(lane_, static_cast<AgentChange>(signal.value), name,
                                            payload, signal.token);
            });
            break;
    }
}

void LaneCore::handle_receipt(const patchbay_signal& signal) {
    Receipt receipt;
    receipt.kind = signal.value <= PATCHBAY_RECEIPT_UNKNOWN ? static_cast<ReceiptKind>(signal.value)
                                                            : ReceiptKind::unknown;
    receipt.status = signal.status;
    receipt.code = std::string(to_view(signal.name));
    if ((signal.token & PendingAnswers<Receipt>::own_numbers) != 0) {
        receipts_.answer(signal.token, std::move(receipt));
        return;
    }
    guarded("on_receipt", [&] { instance_.connection().on_receipt(lane_, signal.token, receipt); });
}

void LaneCore::complete(const std::uint64_t* tokens, std::uint32_t count, patchbay_status status,
                        const patchbay_error* error) {
    host_->complete(host_, tokens, count, status, error);
    const std::uint32_t before = in_flight_.fetch_sub(count);
    if (instance_.draining() && before == count) {
        boost::asio::post(instance_.lane(0).executor(),
                          [&lane = instance_.lane(0)] { lane.changed().notify(); });
    }
    // A lane that was full sleeps without interest in envelopes.
    if (before >= max_in_flight_ && std::this_thread::get_id() != thread_) {
        nudge();
    }
}

patchbay_status LaneCore::try_deliver(const patchbay_envelope* envelopes, std::size_t count,
                                      patchbay_delivery* results) {
    patchbay_lane* lane = abi();
    return lane == nullptr ? PATCHBAY_DISCONNECTED
                           : deliver_batch(host_, lane, envelopes, count, results);
}

void LaneCore::end_sleep() noexcept {
    if (std::exchange(asleep_, false)) {
        patchbay_array none = array_over(signals_, 0);  // asking for signals is what ends it
        host_->signals_take(abi(), &none);
    }
}

// ---- The host's timers and wake -----------------------------------------------------------------

Result<void> LaneCore::set_timer(std::uint64_t token, std::chrono::nanoseconds delay) {
    const auto* table = instance_.host().extension<patchbay_timers>(PATCHBAY_TIMERS_EXTENSION);
    if (table == nullptr) {
        return failure(ErrorClass::unsupported, "host.no_extension",
                       "The host does not offer " PATCHBAY_TIMERS_EXTENSION ".");
    }
    const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(delay.count(), 0));
    if (table->set(abi(), token, nanoseconds) != PATCHBAY_OK) {
        return failure(ErrorClass::overloaded, "timer.not_set",
                       "The host did not take another timer of this lane.");
    }
    return {};
}

void LaneCore::cancel_timer(std::uint64_t token) {
    const auto* table = instance_.host().extension<patchbay_timers>(PATCHBAY_TIMERS_EXTENSION);
    if (table != nullptr) {
        table->cancel(abi(), token);
    }
}

void LaneCore::wake() {
    const auto* table = instance_.host().extension<patchbay_wake>(PATCHBAY_WAKE_EXTENSION);
    patchbay_lane* lane = abi();
    if (table != nullptr && lane != nullptr) {
        table->wake(lane);
        return;
    }
    boost::asio::post(
        context_, [this] { guarded("on_wake", [&] { instance_.connection().on_wake(lane_); }); });
}

void LaneCore::report(const Error& error) const {
    instance_.host().log().error([&] { return to_string(error); });
}

void LaneCore::finish() {
    if (index_ == 0) {
        instance_.stopping();
    }
    guarded("on_lane_stop", [&] { instance_.connection().on_lane_stop(lane_); });
    {
        const std::lock_guard lock(blocked_mutex_);
        blocked_closed_ = true;
    }
    deliver_blocked();
    give_up_held();
    receipts_.close({});
    calls_.close(failure(ErrorClass::disconnected, "call.lane_ended",
                         "The lane ended before the answer came."));
    tasks_.cancel_all();
    const auto deadline = std::chrono::steady_clock::now() + stop_limit;
    while (tasks_.size() != 0 && std::chrono::steady_clock::now() < deadline) {
        guarded("a handler of the lane", [&] { context_.run_one_until(deadline); });
    }
    run_ready();
    abandon_tasks();
    ended_ = true;
}

void LaneCore::abandon_tasks() {
    if (tasks_.size() == 0) {
        return;
    }
    instance_.host().log().warning([&] {
        return std::to_string(tasks_.size()) + " coroutines of lane " + std::to_string(index_) +
               " did not end when they were cancelled; they are destroyed with the instance";
    });
    // Their frames go with the instance, when nobody posts to this lane any more.
    const patchbay_error error = to_abi_error(
        {ErrorClass::disconnected, "lane.ended", "The lane ended, and this ignored it."});
    tasks_.for_each([&](TaskKind kind, std::uint64_t token) {
        if (kind == TaskKind::send) {
            host_->complete(host_, &token, 1, error.status, &error);
        } else if (kind == TaskKind::operation) {
            host_->operation_complete(host_, token, error.status, &error);
        } else if (kind == TaskKind::call) {
            complete_call(token, failure(ErrorClass::disconnected, error.code, error.text));
        }
    });
}

}  // namespace patchbay::detail
