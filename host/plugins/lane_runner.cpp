// SPDX-License-Identifier: Apache-2.0
#include "plugins/lane_runner.hpp"

#include "plugins/platform.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace patchbay::plugins {
namespace {

/// Keeps deliverers out of a lane that they may enter, while its own thread calls the plugin.
class Entered {
  public:
    Entered(multiplexer::Lane& lane, bool wanted) : lane_(wanted ? &lane : nullptr) {
        if (lane_ != nullptr) {
            lane_->enter();
        }
    }
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;
    ~Entered() {
        if (lane_ != nullptr) {
            lane_->leave();
        }
    }

  private:
    multiplexer::Lane* lane_;
};

class Ending {
  public:
    explicit Ending(std::atomic<bool>& ended) : ended_(ended) {}
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;
    ~Ending() { ended_.store(true); }

  private:
    std::atomic<bool>& ended_;
};

/// Calls into the plugin; an exception that leaves it becomes misbehaviour and `false`.
template <class Function>
bool protect(AbiHost& host, const char* complaint, Function&& call) noexcept {
    try {
        call();
        return true;
    } catch (...) {
        host.reports.misbehaved("exception.crossed", complaint);
        return false;
    }
}

}  // namespace

LaneRunner::LaneRunner(AbiHost& host, const patchbay_class& table, void* instance,
                       multiplexer::Lane& lane, std::uint32_t in_flight_limit, bool inline_ok)
    : host_(host),
      class_(table),
      instance_(instance),
      lane_(lane),
      in_flight_limit_(in_flight_limit),
      inline_ok_(inline_ok) {
    context_.host = &host;
    context_.timers = std::make_shared<LaneTimers>(host.services.clock);
    lane_.set_owner(&context_);
    if (class_.run != nullptr) {
        context_.timers->deliver_by(host.services.scheduler, [this](std::uint64_t token) {
            multiplexer::Signal signal;
            signal.kind = PATCHBAY_SIGNAL_TIMER;
            signal.token = token;
            (void)lane_.post(std::move(signal));
        });
    } else {
        envelopes_.resize(batch_size);
        results_.resize(batch_size);
        if (inline_ok_) {
            lane_.set_inline_dispatch(this);
        }
    }
}

LaneRunner::~LaneRunner() {
    context_.timers->stop();
}

void LaneRunner::stop_others() {
    stopping_.store(true);
    context_.timers->stop();
    if (inline_ok_) {
        lane_.set_inline_dispatch(nullptr);
    }
}

void LaneRunner::run() noexcept {
    const AbiHost::ThreadScope scope(host_);
    context_.thread.store(AbiHost::this_thread());
    if (class_.run == nullptr) {
        drive();
    } else {
        protect(host_, "an exception left run", [&] {
            const Ending ending(loop_ended_);  // before anybody hears of it
            class_.run(instance_, lane_.handle(), lane_.index());
        });
        if (!stopping_.load()) {
            // Nobody serves the lane any more: the connection is as good as lost.
            host_.reports.misbehaved("lane.ended", "run returned before it was asked to stop");
            patchbay_error error{};
            error.struct_size = sizeof(error);
            patchbay_error_set(&error, PATCHBAY_FAILED, "plugin.lane_ended",
                               "a lane of the plugin ended by itself");
            host_.reports.connection_lost(&error);
        }
    }
    context_.thread.store(nullptr);
}

void LaneRunner::drive() {
    for (;;) {
        if (!handle_signals()) {
            return;
        }
        handle_timers();
        if (handle_envelopes() == 0) {
            wait();
        }
    }
}

bool LaneRunner::handle_signals() {
    std::array<patchbay_signal, 16> signals{};
    patchbay_array batch{sizeof(patchbay_array), sizeof(patchbay_signal), 16, 0, signals.data()};
    (void)lane_.signals_take(&batch);
    std::vector<patchbay_signal> others;
    for (std::uint32_t i = 0; i < batch.count; ++i) {
        const patchbay_signal& signal = signals[i];
        switch (signal.kind) {
            case PATCHBAY_SIGNAL_CONNECT:
                pass_on(others);
                connect(signal);
                break;
            case PATCHBAY_SIGNAL_DISCONNECT:
                pass_on(others);
                disconnect(signal);
                break;
            case PATCHBAY_SIGNAL_STOP:
                pass_on(others);
                return false;
            case PATCHBAY_SIGNAL_WAKE:
                // The host wakes the lane for reasons of its own; the plugin sees its own calls.
                if (context_.woken_by_plugin.exchange(false)) {
                    others.push_back(signal);
                }
                break;
            default:
                others.push_back(signal);
        }
    }
    pass_on(others);
    return true;
}

void LaneRunner::pass_on(std::vector<patchbay_signal>& signals) {
    if (!signals.empty() && class_.on_signals != nullptr) {
        const patchbay_array batch{sizeof(patchbay_array), sizeof(patchbay_signal),
                                   static_cast<std::uint32_t>(signals.size()), 0, signals.data()};
        const Entered entered(lane_, inline_ok_);
        protect(host_, "an exception left on_signals",
                [&] { class_.on_signals(instance_, lane_.handle(), lane_.index(), &batch); });
    } else if (class_.on_signals == nullptr) {
        // Nobody else answers a call to a connection that offers none.
        for (const patchbay_signal& signal : signals) {
            if (signal.kind == PATCHBAY_SIGNAL_CALL) {
                const auto target = host_.self.lock();
                patchbay_error error{};
                error.struct_size = sizeof(error);
                patchbay_error_set(&error, PATCHBAY_UNSUPPORTED, "call.unsupported",
                                   "the connection offers no calls");
                (void)host_.services.calls.complete(*target, signal.token, PATCHBAY_UNSUPPORTED, {},
                                                    &error);
            }
        }
    }
    signals.clear();
}

void LaneRunner::handle_timers() {
    if (!context_.timers->has_any()) {
        return;
    }
    const std::vector<std::uint64_t> due = context_.timers->take_due();
    if (due.empty()) {
        return;
    }
    std::vector<patchbay_signal> signals;
    signals.reserve(due.size());
    for (const std::uint64_t token : due) {
        patchbay_signal signal{};
        signal.kind = PATCHBAY_SIGNAL_TIMER;
        signal.token = token;
        signals.push_back(signal);
    }
    pass_on(signals);
}

std::uint32_t LaneRunner::room() {
    const std::uint64_t in_flight = lane_.generation().in_flight();
    return in_flight >= in_flight_limit_ ? 0
                                         : static_cast<std::uint32_t>(std::min<std::uint64_t>(
                                               batch_size, in_flight_limit_ - in_flight));
}

std::uint32_t LaneRunner::handle_envelopes() {
    // Where the operator set no bound of his own, `take` keeps to the multiplexer's.
    const std::uint32_t wanted = in_flight_limit_ < default_in_flight ? room() : batch_size;
    if (wanted == 0) {
        return 0;
    }
    patchbay_array batch{sizeof(patchbay_array), sizeof(patchbay_envelope), wanted, 0,
                         envelopes_.data()};
    const Entered entered(lane_, inline_ok_);
    (void)lane_.take(&batch);
    if (batch.count != 0) {
        std::fill_n(results_.begin(), batch.count, PATCHBAY_OK);
        if (!protect(host_, "an exception left on_batch", [&] {
                class_.on_batch(instance_, lane_.handle(), lane_.index(), &batch, results_.data());
            })) {
            std::fill_n(results_.begin(), batch.count, PATCHBAY_FAILED);
        }
        lane_.complete_batch(batch, results_.data());
    }
    return batch.count;
}

void LaneRunner::on_batch(multiplexer::Lane& lane, const patchbay_array& envelopes,
                          patchbay_status* results) noexcept {
    const AbiHost::CallScope scope(host_);
    if (!protect(host_, "an exception left on_batch", [&] {
            class_.on_batch(instance_, lane.handle(), lane.index(), &envelopes, results);
        })) {
        std::fill_n(results, envelopes.count, PATCHBAY_FAILED);
    }
}

void LaneRunner::wait() {
    std::uint32_t interest = PATCHBAY_INTEREST_ENVELOPES;
    if (room() == 0) {
        context_.saturated.store(true);
        host_.saturated_lanes.fetch_add(1);
        // A completion between the two looks did not see the mark.
        if (room() != 0 && context_.saturated.exchange(false)) {
            host_.saturated_lanes.fetch_sub(1);
            return;
        }
        interest = 0;
    }
    if (lane_.sleep(interest)) {
        std::optional<std::uint64_t> delay;
        if (const auto next = context_.timers->next()) {
            const std::uint64_t now = host_.services.clock.monotonic();
            delay = *next > now ? *next - now : 0;
        }
        platform::wait_readable(lane_.descriptor(), delay);
    }
    if (interest == 0 && context_.saturated.exchange(false)) {
        host_.saturated_lanes.fetch_sub(1);
    }
}

void LaneRunner::connect(const patchbay_signal& signal) {
    patchbay_error error{};
    error.struct_size = sizeof(error);
    patchbay_status status = PATCHBAY_OK;
    if (class_.connect != nullptr && !protect(host_, "an exception left connect", [&] {
            status = class_.connect(instance_, signal.token, &error);
        })) {
        status = patchbay_error_set(&error, PATCHBAY_FAILED, "plugin.exception",
                                    "an exception left the plugin's connect");
    }
    connect_failed_ = status < 0;
    if (status != PATCHBAY_PENDING) {
        host_.reports.operation_complete(signal.token, status, &error);
    }
}

void LaneRunner::disconnect(const patchbay_signal& signal) {
    patchbay_error error{};
    error.struct_size = sizeof(error);
    patchbay_status status = PATCHBAY_OK;
    {
        // No deliverer comes in any more; one that was inside has left after this.
        const Entered entered(lane_, inline_ok_);
    }
    if (class_.disconnect != nullptr && !connect_failed_ &&
        !protect(host_, "an exception left disconnect",
                 [&] { status = class_.disconnect(instance_, signal.token, &error); })) {
        status = patchbay_error_set(&error, PATCHBAY_FAILED, "plugin.exception",
                                    "an exception left the plugin's disconnect");
    }
    if (status != PATCHBAY_PENDING) {
        host_.reports.operation_complete(signal.token, status, &error);
    }
}

}  // namespace patchbay::plugins
