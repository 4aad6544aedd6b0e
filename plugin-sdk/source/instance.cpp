// SPDX-License-Identifier: Apache-2.0
#include "instance.hpp"

#include "backoff.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace patchbay::detail {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Limits that the host did not set.
constexpr std::chrono::nanoseconds default_connect_limit = 60s;
constexpr std::chrono::nanoseconds default_disconnect_limit = 5s;

std::chrono::nanoseconds limit_or(std::uint64_t limit, std::chrono::nanoseconds default_limit) {
    constexpr std::uint64_t longest = 366ULL * 24 * 3600 * 1'000'000'000;
    return limit == 0 ? default_limit
                      : std::chrono::nanoseconds(std::min<std::uint64_t>(limit, longest));
}

/// Envelopes that `receive` may give in a row before the lane gets its turn.
constexpr int receives_per_turn = 64;
/// A `receive` that gives nothing within this time did so "at once".
constexpr std::chrono::nanoseconds at_once = 1ms;

}  // namespace

Instance::Instance(const patchbay_host* host, const patchbay_instance_options& options,
                   ConnectionFactory factory)
    : host_(host, options) {
    host_.instance_ = this;
    lanes_.push_back(std::make_unique<LaneCore>(*this, 0));
    connection_ = factory(host_);
    const std::uint32_t limit = std::max<std::uint32_t>(host_.lane_limit(), 1);
    const std::uint32_t wanted = std::clamp<std::uint32_t>(connection_->lane_count(), 1, limit);
    while (lanes_.size() < wanted) {
        lanes_.push_back(
            std::make_unique<LaneCore>(*this, static_cast<std::uint32_t>(lanes_.size())));
    }
    state_table_ = host_.extension<patchbay_state>(PATCHBAY_STATE_EXTENSION);
    const std::optional<StateSchema> schema = connection_->state_schema();
    if (schema && state_table_ != nullptr) {
        state_table_->offer(host_.abi(), schema->version, schema->oldest);
    }
    receive_failures_ =
        host_.counter("receive_failures", "Calls of receive that ended with an exception");
}

Instance::~Instance() {
    // Coroutines that ignored the end, and what was posted after it, may refer to the connection.
    for (const auto& lane : lanes_) {
        lane->context().shut_down();
    }
    connection_.reset();
}

void Instance::run(std::uint32_t index, patchbay_lane* lane) {
    if (index >= lanes_.size()) {
        return;
    }
    const std::uint32_t chosen = host_.max_in_flight();
    lanes_[index]->run(lane, chosen != 0 ? chosen : connection_->max_in_flight());
}

void Instance::set_state(ConnectionState state) {
    state_ = state;
    if (lane(0).has_ended()) {
        return;
    }
    for (const auto& lane : lanes_) {
        lane->nudge();  // which ones take depends on it
    }
}

void Instance::begin_connect(std::uint64_t token, std::uint64_t limit) {
    TaskSet& tasks = lane(0).tasks();
    connect_task_ = tasks.next_id();
    tasks.start(TaskKind::operation, token, {}, run_connect(token, limit, connect_task_));
}

void Instance::begin_disconnect(std::uint64_t token, std::uint64_t limit, bool replaced) {
    // A connect that the host gave up must not keep the disconnect waiting.
    if (connect_task_ != 0) {
        lane(0).tasks().cancel_id(connect_task_);
    }
    lane(0).tasks().start(TaskKind::operation, token, {}, run_disconnect(token, limit, replaced));
}

void Instance::begin_save(std::uint64_t token, std::uint64_t limit) {
    lane(0).tasks().start(TaskKind::operation, token, {}, run_save(token, limit));
}

void Instance::begin_load(std::uint64_t token, std::uint64_t version) {
    lane(0).tasks().start(TaskKind::operation, token, {}, run_load(token, version));
}

void Instance::lost() {
    boost::asio::post(lane(0).executor(), [this] {
        receiving_ = false;
        lane(0).tasks().cancel(TaskKind::receive);
    });
}

// ---- Connect and disconnect ---------------------------------------------------------------------

/// The end of an operation that is neither connect nor disconnect.
struct Instance::Finish {
    Instance& instance;
    std::uint64_t token;
    const Result<void>& result;
    ~Finish() {
        instance.operating_ = false;
        instance.draining_ = false;
        instance.complete_operation(token, result);
    }
};

Awaitable<void> Instance::turn() {
    while (operating_) {
        co_await lane(0).changed().wait();
    }
    operating_ = true;
}

Awaitable<void> Instance::run_connect(std::uint64_t token, std::uint64_t limit,
                                      std::uint64_t own_task) {
    LaneCore& lane0 = lane(0);
    co_await turn();
    const auto allowed = limit_or(limit, default_connect_limit);
    Result<void> result = failure(ErrorClass::failed, "connect.stopped", "Connecting was stopped.");
    struct Complete {
        Instance& instance;
        std::uint64_t token;
        std::uint64_t task;
        const Result<void>& result;
        ~Complete() {
            instance.operating_ = false;
            if (instance.connect_task_ == task) {
                instance.connect_task_ = 0;
            }
            instance.complete_operation(token, result);
        }
    };
    {
        const Complete complete{*this, token, own_task, result};
        operation_deadline_ = Clock::now() + allowed;
        Timer watch(lane0.executor(), allowed);
        watch.async_wait(
            [&tasks = lane0.tasks(), own_task](const boost::system::error_code& error) {
                if (!error) {
                    tasks.cancel_id(own_task);
                }
            });
        set_state(ConnectionState::connecting);
        try {
            result = co_await connection_->connect();
        } catch (...) {
            result = tl::unexpected<Error>(describe_current_exception("connect"));
        }
        if (!result) {
            set_state(ConnectionState::disconnected);
            lane0.tasks().cancel(TaskKind::spawned);
        }
    }
    if (result) {
        set_state(ConnectionState::connected);
        lane0.held().retry();
        receiving_ = true;
        lane0.guarded("on_connected", [&] { connection_->on_connected(); });
        lane0.tasks().start(TaskKind::receive, 0, {}, receive_loop());
    }
}

void Instance::complete_operation(std::uint64_t token, const Result<void>& result) {
    if (lane(0).has_ended()) {
        return;  // done already, and the host's functions may be called no more
    }
    const patchbay_host* host = host_.abi();
    if (result) {
        host->operation_complete(host, token, PATCHBAY_OK, nullptr);
        return;
    }
    const patchbay_error error = to_abi_error(result.error());
    host->operation_complete(host, token, error.status, &error);
}

bool Instance::is_idle() {
    return lane(0).held().empty() && lane(0).tasks().count(TaskKind::receive) == 0 &&
           std::all_of(lanes_.begin(), lanes_.end(),
                       [](const auto& lane) { return lane->in_flight() == 0; });
}

Awaitable<bool> Instance::drained(TimePoint deadline) {
    while (!is_idle() && Clock::now() < deadline) {
        co_await lane(0).changed().wait_until(deadline);
    }
    co_return is_idle();
}

void Instance::cancel_sends() {
    for (const auto& lane : lanes_) {
        boost::asio::post(lane->executor(),
                          [&tasks = lane->tasks()] { tasks.cancel(TaskKind::send); });
    }
}

Awaitable<void> Instance::run_disconnect(std::uint64_t token, std::uint64_t limit, bool replaced) {
    LaneCore& lane0 = lane(0);
    co_await turn();
    replaced_ = replaced;
    const auto allowed = limit_or(limit, default_disconnect_limit);
    const TimePoint start = Clock::now();
    Result<void> result =
        failure(ErrorClass::failed, "disconnect.stopped", "Disconnecting was stopped.");
    struct Complete {
        Instance& instance;
        std::uint64_t token;
        const Result<void>& result;
        ~Complete() {
            instance.operating_ = false;
            instance.draining_ = false;
            instance.set_state(ConnectionState::disconnected);
            instance.complete_operation(token, result);
        }
    };
    const Complete complete{*this, token, result};
    operation_deadline_ = start + allowed;
    set_state(ConnectionState::disconnecting);
    draining_ = true;
    receiving_ = false;
    lane0.tasks().cancel(TaskKind::receive);
    // Most of the time for what is in progress, the rest for those who must be told to end.
    if (!co_await drained(start + allowed * 6 / 10)) {
        host_.log().warning([&] {
            return "disconnecting while " + std::to_string(lane0.in_flight()) + " sends and " +
                   std::to_string(lane0.held().size()) + " deliveries are in progress";
        });
        lane0.give_up_held();
        cancel_sends();
        co_await drained(start + allowed * 9 / 10);
    }
    lane0.give_up_held();
    try {
        result = co_await connection_->disconnect();
    } catch (...) {
        result = tl::unexpected<Error>(describe_current_exception("disconnect"));
    }
    lane0.tasks().cancel(TaskKind::spawned);
    while (lane0.tasks().count(TaskKind::spawned) != 0 && Clock::now() < start + allowed * 9 / 10) {
        co_await lane0.changed().wait_until(start + allowed * 9 / 10);
    }
}

// ---- State --------------------------------------------------------------------------------------

Awaitable<void> Instance::run_save(std::uint64_t token, std::uint64_t limit) {
    co_await turn();
    Result<void> result = failure(ErrorClass::failed, "state.stopped", "Saving was stopped.");
    const Finish finish{*this, token, result};
    operation_deadline_ = Clock::now() + limit_or(limit, default_disconnect_limit);
    draining_ = true;
    // What the sends in progress still change belongs to the state.
    while (!sends_ended() && Clock::now() < operation_deadline_) {
        co_await lane(0).changed().wait_until(operation_deadline_);
    }
    draining_ = false;
    if (!sends_ended()) {
        result = failure(ErrorClass::overloaded, "state.sends_in_progress",
                         "Sends did not end within the time limit.");
        co_return;
    }
    try {
        Result<std::string> state = co_await connection_->save_state();
        result = state ? write_state(*state) : Result<void>(tl::unexpected(state.error()));
    } catch (...) {
        result = tl::unexpected<Error>(describe_current_exception("save_state"));
    }
}

Awaitable<void> Instance::run_load(std::uint64_t token, std::uint64_t version) {
    co_await turn();
    Result<void> result = failure(ErrorClass::failed, "state.stopped", "Loading was stopped.");
    const Finish finish{*this, token, result};
    Result<std::string> state = read_state();
    if (!state) {
        result = tl::unexpected(state.error());
        co_return;
    }
    try {
        result = co_await connection_->load_state(static_cast<std::uint32_t>(version),
                                                  std::move(*state));
    } catch (...) {
        result = tl::unexpected<Error>(describe_current_exception("load_state"));
    }
}

bool Instance::sends_ended() const {
    return std::all_of(lanes_.begin(), lanes_.end(),
                       [](const auto& lane) { return lane->in_flight() == 0; });
}

Result<void> Instance::write_state(std::string_view state) const {
    const patchbay_bytes bytes{reinterpret_cast<const std::uint8_t*>(state.data()), state.size()};
    if (state_table_ == nullptr || state_table_->write(host_.abi(), bytes) != PATCHBAY_OK) {
        return failure(ErrorClass::overloaded, "state.too_large",
                       "A state of " + std::to_string(state.size()) +
                           " bytes is more than the host hands over.");
    }
    return {};
}

Result<std::string> Instance::read_state() const {
    constexpr std::size_t step = std::size_t{64} << 10U;
    std::string state;
    for (std::size_t size = step; state_table_ != nullptr && size != 0;) {
        const std::size_t before = state.size();
        state.resize(before + step);
        if (state_table_->read(host_.abi(), reinterpret_cast<std::uint8_t*>(&state[before]), step,
                               &size) != PATCHBAY_OK) {
            return failure(ErrorClass::failed, "state.unreadable", "The host gave no state.");
        }
        state.resize(before + size);
    }
    return state;
}

// ---- Receive ------------------------------------------------------------------------------------

Awaitable<void> Instance::hand_over(Envelope envelope) {
    LaneCore& lane0 = lane(0);
    while (lane0.post(Delivery(envelope)) == LaneCore::Posted::held_full) {
        co_await lane0.changed().wait();
    }
}

Awaitable<void> Instance::receive_loop() {
    LaneCore& lane0 = lane(0);
    Backoff failed(10ms, 5s);
    Backoff nothing(1ms, 100ms, 16);
    int in_a_row = 0;
    Timer pause(lane0.executor());
    while (receiving_) {
        while (lane0.posted_waiting() >= lane0.held_limit()) {
            co_await lane0.changed().wait();
        }
        const TimePoint start = Clock::now();
        std::optional<Envelope> envelope;
        std::optional<Error> error;
        try {
            envelope = co_await connection_->receive();
        } catch (...) {
            error = describe_current_exception("receive");
        }
        if (envelope) {
            failed.reset();
            nothing.reset();
            co_await hand_over(std::move(*envelope));
            if (++in_a_row < receives_per_turn) {
                continue;
            }
            in_a_row = 0;
            co_await boost::asio::post(lane0.executor(), use_awaitable);
            continue;
        }
        in_a_row = 0;
        if (!receiving_) {
            break;
        }
        std::chrono::nanoseconds delay{0};
        if (error) {
            delay = failed.next();
            receive_failures_.add();
            if (failed.report()) {
                host_.log().error([&] {
                    return to_string(*error) + " (failure " + std::to_string(failed.failures()) +
                           " in a row; the next call follows in " +
                           std::to_string(delay.count() / 1'000'000) + " ms)";
                });
            }
        } else if (Clock::now() - start < at_once) {
            delay = nothing.next();
            if (nothing.report()) {
                host_.log().warning([&] {
                    return "receive gave nothing at once, " + std::to_string(nothing.failures()) +
                           " times in a row; calls are spaced out";
                });
            }
        } else {
            nothing.reset();
        }
        pause.expires_after(delay);
        co_await pause.async_wait(use_awaitable);
    }
}

}  // namespace patchbay::detail
