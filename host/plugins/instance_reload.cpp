// SPDX-License-Identifier: Apache-2.0
// The part of an instance that replaces its code while it works.
#include "plugins/duration.hpp"
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

struct OrderWords {
    const char* verb;
    const char* time_limit_code;
};

OrderWords words_of(std::uint32_t kind) {
    switch (kind) {
        case PATCHBAY_SIGNAL_CONNECT:
            return {"connect", "connection.connect_time_limit"};
        case PATCHBAY_SIGNAL_DISCONNECT:
            return {"disconnect", "connection.disconnect_time_limit"};
        case PATCHBAY_SIGNAL_STATE_SAVE:
            return {"save its state", "state.save_time_limit"};
        default:
            return {"load the state", "state.load_time_limit"};
    }
}

}  // namespace

Result<void> Instance::prepare(std::shared_ptr<PluginGeneration> generation,
                               std::optional<PlanChange> change, bool lose_state) {
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
    std::shared_ptr<PluginObject> old;
    bool beside = false;
    {
        const std::lock_guard lock(mutex_);
        old = object_;
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
    if (answer && old != nullptr) {
        std::optional<Error> refusal = check_state(*old, *next, plan_.name);
        const std::lock_guard lock(mutex_);
        moves_state_ = !refusal && old->host().state.schema().has_value() &&
                       next->host().state.schema().has_value();
        if (refusal && !lose_state) {
            answer = tl::unexpected(std::move(*refusal));
        }
    }
    if (answer && beside) {
        answer = connect_object(*next);
        const std::lock_guard lock(mutex_);
        next_connected_ = answer.has_value();
    }
    if (!answer) {
        discard();
    }
    return answer;
}

Result<std::uint64_t> Instance::swap(std::chrono::nanoseconds drain_limit, bool probation) {
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
            old_lost_.reset();
            wants_probation_ = probation;
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
    std::shared_ptr<PluginObject> old;
    std::shared_ptr<PluginObject> next;
    bool pausing = false;
    {
        const std::lock_guard lock(mutex_);
        old = object_;
        next = next_;
        pausing = moves_state_;
        if (pausing) {
            set_traffic(multiplexer::InstanceState::disconnecting);
        }
    }
    const std::uint64_t begin = services_.clock.monotonic();
    if (auto handed = hand_state_over(*old, *next); !handed) {
        discard();
        stay(*old);
        return tl::unexpected(handed.error());
    }
    // Waits for a take in progress: not with mutex_ held, because that may run code of the plugin.
    next->take_service();
    const std::uint64_t end = services_.clock.monotonic();
    const std::lock_guard lock(mutex_);
    take_over(true);
    if (pausing && machine_.state() == ConnectionState::connected) {
        set_traffic(multiplexer::InstanceState::connected);
    }
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
        held_calls_ = std::make_shared<HeldCalls>();
        // It takes nothing any more, and may still deliver what it has in hand.
        set_traffic(multiplexer::InstanceState::disconnecting);
    }
    const std::uint64_t begin = services_.clock.monotonic();
    sockets_.hold();
    (void)wait_completed(*old, drain_limit, [] { return false; });
    services_.calls.party_gone(*old);
    let_go(*old);
    old->leave_service();
    {
        const std::lock_guard lock(mutex_);
        set_traffic(multiplexer::InstanceState::expected);
    }
    Result<void> connected = hand_state_over(*old, *next);
    if (connected) {
        connected = connect_object(*next);
    }
    if (!connected) {
        discard();
        resume(old);
        sockets_.let_go();
        return tl::unexpected(connected.error());
    }
    sockets_.let_go();
    next->take_service();
    {
        const std::lock_guard lock(mutex_);
        take_over(false);
        if (machine_.state() == ConnectionState::connected) {  // else it was lost meanwhile
            set_traffic(multiplexer::InstanceState::connected);
        }
    }
    const std::uint64_t end = services_.clock.monotonic();
    release_calls(next);
    return end - begin;
}

Result<std::uint64_t> Instance::swap_idle() {
    std::shared_ptr<PluginObject> old;
    std::shared_ptr<PluginObject> next;
    {
        const std::lock_guard lock(mutex_);
        old = object_;
        next = next_;
    }
    const std::uint64_t begin = services_.clock.monotonic();
    if (old != nullptr) {
        if (auto handed = hand_state_over(*old, *next); !handed) {
            discard();
            const std::lock_guard lock(mutex_);
            swapping_ = false;
            return tl::unexpected(handed.error());
        }
    }
    next->take_service();
    const std::lock_guard lock(mutex_);
    take_over(false);
    phase_ = InstancePhase::running;
    return services_.clock.monotonic() - begin;
}

void Instance::resume(const std::shared_ptr<PluginObject>& old) {
    const auto back = connect_object(*old);
    {
        const std::lock_guard lock(mutex_);
        swapping_ = false;
        if (back) {
            old->set_callable(true);
            old->take_service();  // answers come to it again
            old->adopt_parked();
            set_traffic(multiplexer::InstanceState::connected);
        } else {
            lost(back.error());
        }
    }
    release_calls(back ? old : nullptr);
}

void Instance::release_calls(const std::shared_ptr<PluginObject>& object) {
    std::shared_ptr<HeldCalls> held;
    {
        const std::lock_guard lock(mutex_);
        held = std::exchange(held_calls_, nullptr);
    }
    if (held != nullptr) {
        held->release(services_.calls, object);
    }
}

void Instance::stay(PluginObject& old) {
    const std::lock_guard lock(mutex_);
    swapping_ = false;
    if (old_lost_) {
        lost(*std::exchange(old_lost_, std::nullopt));
    } else if (machine_.state() == ConnectionState::connected) {
        old.set_callable(true);
        set_traffic(multiplexer::InstanceState::connected);
    }
}

void Instance::take_over(bool connected) {
    retired_ = std::exchange(object_, std::move(next_));
    next_.reset();
    use_plan(object_->plan());
    if (next_dependencies_) {
        dependencies_ = *std::exchange(next_dependencies_, std::nullopt);
    }
    retired_connected_ = connected;
    retired_lost_ = old_lost_.has_value();
    old_lost_.reset();
    next_connected_ = false;
    swapping_ = false;
    moves_state_ = false;
    ++reloads_;
    if (retired_ != nullptr) {
        retired_->set_callable(false);
    }
    const bool in_service = machine_.state() == ConnectionState::connected;
    object_->set_callable(in_service);
    object_->adopt_parked();
    on_probation_ = wants_probation_ && in_service && retired_ != nullptr;
    trouble_.reset();
    if (next_lost_) {
        Error error = *std::exchange(next_lost_, std::nullopt);
        if (on_probation_) {
            trouble_ = std::move(error);
        } else {
            lost(std::move(error));
        }
    }
}

std::optional<Error> Instance::check_state(PluginObject& old, PluginObject& next,
                                           const std::string& name) {
    const std::optional<StateSchema> saved = old.host().state.schema();
    const std::optional<StateSchema> continued = next.host().state.schema();
    if (!saved) {
        return std::nullopt;
    }
    if (!continued) {
        return Error{ErrorClass::invalid,
                     "reload.state_lost",
                     name + " has a state (schema " + std::to_string(saved->version) +
                         "), and the new generation continues none",
                     {}};
    }
    if (!continued->continues(saved->version)) {
        return Error{ErrorClass::invalid,
                     "reload.state_schema",
                     name + " has a state of schema " + std::to_string(saved->version) +
                         ", and the new generation continues the schemas " +
                         std::to_string(continued->oldest) + " to " +
                         std::to_string(continued->version),
                     {}};
    }
    return std::nullopt;
}

Result<void> Instance::hand_state_over(PluginObject& old, PluginObject& next) {
    {
        const std::lock_guard lock(mutex_);
        if (!moves_state_) {
            return {};
        }
    }
    const std::optional<StateSchema> schema = old.host().state.schema();
    old.host().state.begin_save();
    multiplexer::Signal save;
    save.kind = PATCHBAY_SIGNAL_STATE_SAVE;
    save.value = nanoseconds(old.plan()->limits.timeouts.disconnect);
    auto done = operate(old, std::move(save), old.plan()->limits.timeouts.disconnect);
    std::string state = old.host().state.end();
    if (!done) {
        done.error().message = "its state could not be saved: " + done.error().message;
        return done;
    }
    next.host().state.begin_load(std::move(state));
    multiplexer::Signal load;
    load.kind = PATCHBAY_SIGNAL_STATE_LOAD;
    load.value = schema ? schema->version : 0;
    done = operate(next, std::move(load), next.plan()->limits.timeouts.connect);
    (void)next.host().state.end();
    if (!done) {
        done.error().message =
            "the new generation refused to continue the state: " + done.error().message;
    }
    return done;
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
        (void)disconnect_object(*next);
    }
    keep_hung(next, next->end());
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

Result<void> Instance::connect_object(PluginObject& object) {
    if (std::optional<Error> refusal = collect_proofs(object.shared_from_this())) {
        return tl::unexpected(std::move(*refusal));
    }
    multiplexer::Signal order;
    order.kind = PATCHBAY_SIGNAL_CONNECT;
    order.value = nanoseconds(object.plan()->limits.timeouts.connect);
    return operate(object, std::move(order), object.plan()->limits.timeouts.connect);
}

Result<void> Instance::disconnect_object(PluginObject& object) {
    multiplexer::Signal order;
    order.kind = PATCHBAY_SIGNAL_DISCONNECT;
    order.value = nanoseconds(object.plan()->limits.timeouts.disconnect);
    order.name = "reload";
    return operate(object, std::move(order), object.plan()->limits.timeouts.disconnect);
}

void Instance::let_go(PluginObject& object) {
    if (auto left = disconnect_object(object); !left) {
        publish(events::Level::warning, "connection.disconnect_failed",
                "Disconnecting generation " + std::to_string(object.generation_number()) + " of " +
                    plan_.name + " failed: " + to_string(left.error()) + '.');
    }
}

Result<void> Instance::operate(PluginObject& object, multiplexer::Signal order,
                               std::chrono::nanoseconds limit) {
    if (!object.follows_orders()) {
        return failure(ErrorClass::failed, "plugin.lane_ended", "its lane has ended by itself");
    }
    const std::uint32_t kind = order.kind;
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
    order.token = token;
    (void)object.post(0, std::move(order));  // never refused: see Lane::post
    std::unique_lock lock(mutex_);
    // What is being disconnected has its own, shorter limit; everything else may be interrupted.
    changed_.wait(
        lock, [&] { return side_.done || (interrupted_ && kind != PATCHBAY_SIGNAL_DISCONNECT); });
    services_.scheduler.cancel(task);
    const SideOperation ended = std::exchange(side_, {});
    if (ended.done && !ended.expired) {
        return ended.error ? Result<void>(tl::unexpected(*ended.error)) : Result<void>();
    }
    if (late_.size() == most_late) {
        late_.erase(late_.begin());
    }
    late_.push_back(token);
    if (!ended.done) {
        return failure(ErrorClass::disconnected, "reload.interrupted", "the host stops");
    }
    const OrderWords words = words_of(kind);
    return failure(ErrorClass::overloaded, words.time_limit_code,
                   std::string("it did not ") + words.verb + " within its time limit");
}

std::uint64_t Instance::wait_completed(const PluginObject& object, std::chrono::nanoseconds limit,
                                       const std::function<bool()>& no_more) {
    const std::uint64_t deadline = services_.clock.monotonic() + nanoseconds(limit);
    std::chrono::microseconds pause = shortest_look;
    for (;;) {
        const std::uint64_t left = object.in_flight();
        const bool complete = left == 0 && !services_.calls.owes_answers(object);
        if (complete || services_.clock.monotonic() >= deadline || no_more()) {
            return left;
        }
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, pause, [this] { return interrupted_ || trouble_; })) {
            return left;
        }
        pause = std::min(pause * 2, longest_look);
    }
}

}  // namespace patchbay::plugins
