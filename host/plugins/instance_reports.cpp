// SPDX-License-Identifier: Apache-2.0
// What an instance tells: changes of its state, failures, rules that were broken, its status.
#include "plugins/duration.hpp"
#include "plugins/instance.hpp"

#include <utility>

namespace patchbay::plugins {

void Instance::tell_state(const StateChange& change) {
    since_ = services_.clock.wall();
    changed_.notify_all();
    const auto level =
        change.to == ConnectionState::connecting || change.to == ConnectionState::disconnecting
            ? events::Level::debug
            : events::Level::info;
    publish(level, "connection." + std::string(to_string(change.to)),
            plan_.name + " is " + std::string(to_string(change.to)) + '.');
    if (object_ != nullptr) {
        object_->set_callable(change.to == ConnectionState::connected);
    }
    services_.scheduler.soon([weak = weak_from_this(), object = object_, change] {
        if (const auto self = weak.lock()) {
            if (change.from == ConnectionState::connected && object != nullptr) {
                self->services_.calls.party_gone(*object);
            }
            self->listener_.on_state(*self, change);
        }
    });
}

void Instance::tell_failure(FailureKind kind, const Error& error) {
    services_.scheduler.soon([weak = weak_from_this(), kind, error] {
        if (const auto self = weak.lock()) {
            self->listener_.on_failure(*self, kind, error);
        }
    });
}

void Instance::misbehaved(const PluginObject& object, std::string_view code,
                          std::string_view text) noexcept {
    misbehaved(code, text);
    if (code != "exception.crossed") {
        return;
    }
    const std::lock_guard lock(mutex_);
    if (on_probation_ && object_.get() == &object && !trouble_) {
        trouble_ = Error{ErrorClass::failed, std::string(code), std::string(text), {}};
        changed_.notify_all();
    }
}

void Instance::misbehaved(std::string_view code, std::string_view text) noexcept {
    constexpr std::uint64_t window = 1'000'000'000;
    constexpr std::uint32_t most_per_window = 5;
    const std::uint64_t now = services_.clock.monotonic();
    {
        const std::lock_guard lock(reports_mutex_);
        ++misbehaviour_;
        if (now - misbehaviour_window_ >= window) {
            misbehaviour_window_ = now;
            misbehaviour_told_ = 0;
        }
        if (++misbehaviour_told_ > most_per_window) {
            return;
        }
    }
    try {
        services_.events.publish({events::Level::warning, plan_.name, "plugin.misbehaviour",
                                  plan_.name + " broke a rule of the plugin ABI: " +
                                      std::string(text) + " [" + std::string(code) + "].",
                                  plan_.name});
    } catch (...) {
        // Out of memory: it was counted.
    }
}

void Instance::on_misbehaviour(std::uint32_t, std::string_view code, std::string_view text) {
    misbehaved(code, text);
}

void Instance::on_send_failed(std::uint32_t, const multiplexer::SendFailure& failed,
                              std::uint32_t count) {
    Error error;
    error.error_class = failed.status >= PATCHBAY_INVALID && failed.status < 0
                            ? static_cast<ErrorClass>(failed.status)
                            : ErrorClass::failed;
    error.code = failed.code.empty() ? "connection.send_failed" : std::string(failed.code);
    error.message = failed.text.empty() ? "the plugin gave no reason" : std::string(failed.text);
    note_failed_send(std::move(error), count);
}

void Instance::on_overdue(std::uint32_t, std::uint32_t count) {
    note_failed_send({ErrorClass::overloaded, "connection.send_time_limit",
                      "it was not completed within " + seconds_text(plan()->limits.timeouts.send)},
                     count);
}

void Instance::note_failed_send(Error error, std::uint64_t count) {
    const std::lock_guard lock(reports_mutex_);
    const bool first = failed_sends_ == 0;
    failed_sends_ += count;
    send_error_ = std::move(error);
    if (first) {  // one task for however many failures come until it runs
        services_.scheduler.soon([weak = weak_from_this()] {
            if (const auto self = weak.lock()) {
                self->tell_failed_sends();
            }
        });
    }
}

void Instance::tell_failed_sends() {
    std::uint64_t count = 0;
    Error error;
    {
        const std::lock_guard lock(reports_mutex_);
        count = std::exchange(failed_sends_, 0);
        error = send_error_.value_or(Error{});
    }
    publish(events::Level::error, "connection.send_failed",
            plan_.name + " failed to send " +
                (count == 1 ? std::string("an envelope: ")
                            : std::to_string(count) + " envelopes, the last one: ") +
                error.message + " [" + error.code + "].");
    {
        const std::lock_guard lock(mutex_);
        set_error(error);
    }
    listener_.on_failure(*this, FailureKind::send, error);
}

void Instance::publish(events::Level level, std::string code, std::string text) {
    services_.events.publish({level, plan_.name, std::move(code), std::move(text), plan_.name});
}

InstanceStatus Instance::status() const {
    InstanceStatus status;
    status.name = plan_.name;
    status.component_id = plan_.component_id;
    status.class_id = plan_.class_id;
    status.is_abstract = plan_.is_abstract;
    const std::shared_ptr<const InstancePlan> plan = this->plan();
    status.consumer = plan->consumer;
    status.required = plan->required;
    status.automatic = plan->automatic;
    {
        const std::lock_guard lock(reports_mutex_);
        status.misbehaviour = misbehaviour_;
    }
    status.listeners = sockets_.status();
    const std::lock_guard lock(mutex_);
    status.phase = phase_;
    status.state = machine_.state();
    status.since = since_;
    status.connects = connects_;
    status.last_error = last_error_;
    status.last_error_at = last_error_at_;
    status.reconnect_attempt = attempt_;
    status.reconnect_at = reconnect_at_;
    status.unresponsive = unanswered_ != 0;
    status.disabled = disabled_;
    status.hung_threads = hung_threads_;
    status.reloads = reloads_;
    if (const PluginObject* object = object_.get()) {
        status.generation = object->generation_number();
        status.sha256 = object->sha256();
        status.lanes = object->lane_count();
        status.threads = object->thread_count();
    }
    if (retired_ != nullptr) {
        status.draining_generation = retired_->generation_number();
    }
    if (traffic_ != nullptr) {
        const multiplexer::InstanceCounters counters = traffic_->counters();
        status.queued = counters.queued;
        status.taken = counters.taken;
        status.queued_bytes = counters.queued_bytes;
        status.in_flight = counters.in_flight;
        status.awaited = counters.awaited;
        status.inbound_stopped = traffic_->is_inbound_stopped();
    }
    return status;
}

}  // namespace patchbay::plugins
