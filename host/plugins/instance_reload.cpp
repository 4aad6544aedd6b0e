// SPDX-License-Identifier: Apache-2.0
// The part of an instance that replaces its code while it works.
#include "plugins/instance.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::plugins {
namespace {

/// Operations whose late answers are remembered, to tell them from answers to nothing.
constexpr std::size_t most_late = 16;
/// Pauses between two looks at what a generation has left to complete.
constexpr std::chrono::microseconds shortest_look{50};
constexpr std::chrono::microseconds longest_look{5'000};

std::uint64_t nanoseconds(std::chrono::nanoseconds duration) {
    return duration.count() < 0 ? 0 : static_cast<std::uint64_t>(duration.count());
}

}  // namespace

Result<void> Instance::prepare(std::shared_ptr<PluginGeneration> generation,
                               std::optional<PlanChange> change) {
    {
        const std::lock_guard lock(mutex_);
        if (phase_ == InstancePhase::stopped || !hung_threads_.empty()) {
            return failure(ErrorClass::invalid, "reload.not_running",
                           plan_.name + " cannot be reloaded: it is " +
                               (hung_threads_.empty() ? "stopped" : "hung"));
        }
    }
    auto made = make_object(std::move(generation), change ? change->plan : plan(),
                            change ? change->dependencies : dependencies_);
    if (!made) {
        return tl::unexpected(made.error());
    }
    const std::shared_ptr<PluginObject> next = std::move(*made);
    bool beside = false;
    {
        const std::lock_guard lock(mutex_);
        next_ = next;
        next_dependencies_.reset();
        if (change) {
            next_dependencies_ = std::move(change->dependencies);
        }
        next_connected_ = false;
        next_lost_.reset();
        beside = machine_.state() == ConnectionState::connected && object_ != nullptr &&
                 object_->overlaps() && next->overlaps();
    }
    Result<void> answer = next->start();
    if (answer && beside) {
        if (std::optional<Error> refusal = collect_proofs(next)) {
            answer = tl::unexpected(std::move(*refusal));
        } else {
            answer = operate(*next, PATCHBAY_SIGNAL_CONNECT, next->plan()->limits.timeouts.connect);
        }
        const std::lock_guard lock(mutex_);
        next_connected_ = answer.has_value();
    }
    if (!answer) {
        discard();
    }
    return answer;
}

Result<std::uint64_t> Instance::swap(std::chrono::nanoseconds drain_limit) {
    bool beside = false;
    ConnectionState state{};
    std::optional<Error> problem;
    {
        const std::lock_guard lock(mutex_);
        state = machine_.state();
        beside = next_connected_;
        if (next_lost_) {
            problem = next_lost_;
        } else if (state == ConnectionState::connecting ||
                   state == ConnectionState::disconnecting ||
                   (beside && state != ConnectionState::connected)) {
            problem = Error{ErrorClass::overloaded,
                            "reload.busy",
                            plan_.name + " is " + std::string(to_string(state)) +
                                "; reload it when it has settled",
                            {}};
        } else {
            swapping_ = true;
            services_.scheduler.cancel(std::exchange(reconnect_, 0));
            reconnect_at_ = 0;
        }
    }
    if (problem) {
        discard();
        return tl::unexpected(std::move(*problem));
    }
    if (beside) {
        return swap_beside();
    }
    return state == ConnectionState::connected ? swap_in_turn(drain_limit) : swap_idle();
}

Result<std::uint64_t> Instance::swap_beside() {
    const std::uint64_t begin = services_.clock.monotonic();
    // Waits for a take in progress: not with mutex_ held, because that may run code of the plugin.
    traffic_->hand_over();
    const std::uint64_t end = services_.clock.monotonic();
    const std::lock_guard lock(mutex_);
    take_over(true);
    return end - begin;
}

Result<std::uint64_t> Instance::swap_in_turn(std::chrono::nanoseconds drain_limit) {
    std::shared_ptr<PluginObject> old;
    std::shared_ptr<PluginObject> next;
    {
        const std::lock_guard lock(mutex_);
        old = object_;
        next = next_;
        old->set_callable(false);
        // It takes nothing any more, and may still deliver what it has in hand.
        set_traffic(multiplexer::InstanceState::disconnecting);
    }
    const std::uint64_t begin = services_.clock.monotonic();
    sockets_.hold();
    (void)wait_completed(*old, drain_limit);
    services_.calls.party_gone(*old);
    if (auto left = operate(*old, PATCHBAY_SIGNAL_DISCONNECT, plan()->limits.timeouts.disconnect);
        !left) {
        publish(events::Level::warning, "connection.disconnect_failed",
                "Disconnecting the old generation of " + plan_.name +
                    " failed: " + to_string(left.error()) + '.');
    }
    {
        const std::lock_guard lock(mutex_);
        set_traffic(multiplexer::InstanceState::expected);
    }
    std::optional<Error> problem = collect_proofs(next);
    if (!problem) {
        auto connected =
            operate(*next, PATCHBAY_SIGNAL_CONNECT, next->plan()->limits.timeouts.connect);
        if (!connected) {
            problem = connected.error();
        }
    }
    if (problem) {
        discard();
        resume(*old);
        sockets_.let_go();
        return tl::unexpected(std::move(*problem));
    }
    sockets_.let_go();
    traffic_->hand_over();
    const std::lock_guard lock(mutex_);
    take_over(false);
    if (machine_.state() == ConnectionState::connected) {  // else it was lost meanwhile
        set_traffic(multiplexer::InstanceState::connected);
    }
    return services_.clock.monotonic() - begin;
}

void Instance::resume(PluginObject& old) {
    const auto back = operate(old, PATCHBAY_SIGNAL_CONNECT, plan()->limits.timeouts.connect);
    const std::lock_guard lock(mutex_);
    swapping_ = false;
    if (back) {
        old.set_callable(true);
        set_traffic(multiplexer::InstanceState::connected);
        return;
    }
    set_error(back.error());
    failure_ = FailureKind::receive;
    begin_disconnect();
}

Result<std::uint64_t> Instance::swap_idle() {
    const std::uint64_t begin = services_.clock.monotonic();
    traffic_->hand_over();
    const std::lock_guard lock(mutex_);
    take_over(false);
    phase_ = InstancePhase::running;
    return services_.clock.monotonic() - begin;
}

void Instance::take_over(bool connected) {
    retired_ = std::exchange(object_, std::move(next_));
    next_.reset();
    use_plan(object_->plan());
    if (next_dependencies_) {
        dependencies_ = *std::exchange(next_dependencies_, std::nullopt);
    }
    retired_connected_ = connected;
    next_connected_ = false;
    swapping_ = false;
    ++reloads_;
    if (retired_ != nullptr) {
        retired_->set_callable(false);
    }
    object_->set_callable(machine_.state() == ConnectionState::connected);
    if (next_lost_) {
        set_error(*std::exchange(next_lost_, std::nullopt));
        failure_ = FailureKind::receive;
        begin_disconnect();
    }
}

void Instance::discard() {
    std::shared_ptr<PluginObject> next;
    bool connected = false;
    {
        const std::lock_guard lock(mutex_);
        next = std::move(next_);
        next_.reset();
        next_lost_.reset();
        connected = std::exchange(next_connected_, false);
    }
    if (next == nullptr) {
        return;
    }
    if (connected) {
        (void)operate(*next, PATCHBAY_SIGNAL_DISCONNECT, next->plan()->limits.timeouts.disconnect);
    }
    keep_hung(next, next->end());
}

Retired Instance::retire(std::chrono::nanoseconds drain_limit) {
    std::shared_ptr<PluginObject> old;
    bool connected = false;
    {
        const std::lock_guard lock(mutex_);
        old = retired_;
        connected = std::exchange(retired_connected_, false);
    }
    Retired retired;
    if (old == nullptr) {
        return retired;
    }
    retired.abandoned = wait_completed(*old, drain_limit);
    if (connected) {
        if (auto left =
                operate(*old, PATCHBAY_SIGNAL_DISCONNECT, old->plan()->limits.timeouts.disconnect);
            !left) {
            publish(events::Level::warning, "connection.disconnect_failed",
                    "Disconnecting the old generation of " + plan_.name +
                        " failed: " + to_string(left.error()) + '.');
        }
    }
    retired.hung = old->end();
    keep_hung(old, retired.hung);
    const std::lock_guard lock(mutex_);
    retired_.reset();
    return retired;
}

void Instance::keep_hung(const std::shared_ptr<PluginObject>& ended,
                         const std::vector<std::string>& threads) {
    if (!threads.empty()) {
        const std::lock_guard lock(mutex_);
        hung_.push_back(ended);
        hung_threads_.insert(hung_threads_.end(), threads.begin(), threads.end());
    }
}

void Instance::interrupt_reload() {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    changed_.notify_all();
}

Result<void> Instance::operate(PluginObject& object, std::uint32_t signal,
                               std::chrono::nanoseconds limit) {
    std::uint64_t token = 0;
    {
        const std::lock_guard lock(mutex_);
        token = next_token_++;
        side_ = {token};
    }
    const TaskId task =
        services_.scheduler.after(nanoseconds(limit), [weak = weak_from_this(), token] {
            if (const auto self = weak.lock()) {
                const std::lock_guard lock(self->mutex_);
                if (self->side_.token == token && !self->side_.done) {
                    self->side_.done = true;
                    self->side_.expired = true;
                    self->changed_.notify_all();
                }
            }
        });
    multiplexer::Signal order;
    order.kind = signal;
    order.token = token;
    order.value = nanoseconds(limit);
    (void)object.post(0, std::move(order));  // never refused: see Lane::post
    std::unique_lock lock(mutex_);
    // A connect may be interrupted; what is being disconnected has its own, shorter limit.
    changed_.wait(
        lock, [&] { return side_.done || (interrupted_ && signal == PATCHBAY_SIGNAL_CONNECT); });
    services_.scheduler.cancel(task);
    const SideOperation ended = std::exchange(side_, {});
    if (ended.done && !ended.expired) {
        return ended.error ? Result<void>(tl::unexpected(*ended.error)) : Result<void>();
    }
    if (late_.size() == most_late) {
        late_.erase(late_.begin());
    }
    late_.push_back(token);
    const bool connecting = signal == PATCHBAY_SIGNAL_CONNECT;
    if (!ended.done) {
        return failure(ErrorClass::disconnected, "reload.interrupted", "the host stops");
    }
    return failure(
        ErrorClass::overloaded,
        connecting ? "connection.connect_time_limit" : "connection.disconnect_time_limit",
        std::string("it did not ") + (connecting ? "connect" : "disconnect") +
            " within its time limit");
}

std::uint64_t Instance::wait_completed(const PluginObject& object, std::chrono::nanoseconds limit) {
    const std::uint64_t deadline = services_.clock.monotonic() + nanoseconds(limit);
    std::chrono::microseconds pause = shortest_look;
    for (;;) {
        const std::uint64_t left = object.in_flight();
        if (left == 0 || services_.clock.monotonic() >= deadline) {
            return left;
        }
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, pause, [this] { return interrupted_; })) {
            return left;
        }
        pause = std::min(pause * 2, longest_look);
    }
}

}  // namespace patchbay::plugins
