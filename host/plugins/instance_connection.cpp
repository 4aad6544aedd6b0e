// SPDX-License-Identifier: Apache-2.0
// The part of an instance that connects it, notices that it is not connected any more, and tries
// again.
#include "plugins/back_off.hpp"
#include "plugins/duration.hpp"
#include "plugins/instance.hpp"

#include <cstring>
#include <utility>

namespace patchbay::plugins {
namespace {

/// The plugin's own words about a failure.
Error error_of(patchbay_status status, const patchbay_error* error, const char* code,
               const char* text) {
    Error answer;
    answer.error_class = status >= PATCHBAY_INVALID && status < 0 ? static_cast<ErrorClass>(status)
                                                                  : ErrorClass::failed;
    answer.code = code;
    answer.message = text;
    if (error != nullptr && PATCHBAY_HAS(patchbay_error, error, text)) {
        if (error->code[0] != '\0') {
            answer.code.assign(error->code, ::strnlen(error->code, sizeof(error->code)));
        }
        if (error->text[0] != '\0') {
            answer.message.assign(error->text, ::strnlen(error->text, sizeof(error->text)));
        }
    }
    return answer;
}

}  // namespace

Result<void> Instance::connect() {
    const std::optional<Error> refusal = collect_proofs(object());
    const std::lock_guard lock(mutex_);
    wants_connection_ = !disabled_;
    attempt_ = 0;
    services_.scheduler.cancel(std::exchange(reconnect_, 0));
    return begin_connect(refusal);
}

std::optional<Error> Instance::collect_proofs(const std::shared_ptr<PluginObject>& object) {
    const std::shared_ptr<const InstancePlan> plan =
        object == nullptr ? this->plan() : object->plan();
    if (plan->cert_requests.empty()) {
        return std::nullopt;
    }
    ProofCheck check;
    if (plan->cert_requests.size() > PATCHBAY_MOST_PROOFS) {
        check.problems.push_back(
            {ErrorClass::invalid, "proof.too_many",
             plan_.name + " has " + std::to_string(plan->cert_requests.size()) +
                 " cert_requests; " + std::to_string(PATCHBAY_MOST_PROOFS) + " are the most."});
    } else if (services_.proofs == nullptr) {
        check.problems.push_back({ErrorClass::unsupported, "proof.unavailable",
                                  "This host has no source of proofs of representation, and " +
                                      plan_.name + " has cert_requests."});
    } else {
        check = services_.proofs->proofs_for(plan->cert_requests);
    }
    if (object != nullptr) {
        object->host().set_proofs(std::move(check.proofs));
    }
    if (check.problems.empty()) {
        return std::nullopt;
    }
    if (!plan->allow_missing_certificates) {
        return check.problems.front();
    }
    for (const Error& problem : check.problems) {
        publish(events::Level::warning, problem.code,
                plan_.name + " connects without a proof of representation: " + problem.message);
    }
    return std::nullopt;
}

Result<void> Instance::begin_connect(const std::optional<Error>& refusal) {
    if (phase_ != InstancePhase::running) {
        return failure(ErrorClass::invalid, "connection.not_loaded",
                       plan_.name + " cannot connect: it is " + std::string(to_string(phase_)));
    }
    if (disabled_) {
        return failure(ErrorClass::invalid, "connection.disabled",
                       plan_.name + " cannot connect: it is disabled");
    }
    if (unanswered_ != 0) {
        return failure(ErrorClass::disconnected, "connection.unresponsive",
                       plan_.name + " cannot connect: it has not answered the last disconnect");
    }
    if (!machine_.transit(ConnectionState::disconnected, ConnectionState::connecting)) {
        return failure(
            ErrorClass::invalid, "connection.not_disconnected",
            plan_.name + " cannot connect: it is " + std::string(to_string(machine_.state())));
    }
    set_traffic(multiplexer::InstanceState::expected);
    if (refusal) {
        set_error(*refusal);
        machine_.transit(ConnectionState::connecting, ConnectionState::disconnected);
        recover(FailureKind::connect);
        return {};
    }
    begin_operation(OperationKind::connect, plan()->limits.timeouts.connect);
    return {};
}

void Instance::begin_disconnect() {
    const ConnectionState state = machine_.state();
    if (operation_ == OperationKind::connect) {
        given_up_ = operation_token_;
        end_operation();
    }
    if (!machine_.transit(state, ConnectionState::disconnecting)) {
        return;
    }
    set_traffic(multiplexer::InstanceState::disconnecting);
    begin_operation(OperationKind::disconnect, plan()->limits.timeouts.disconnect);
}

void Instance::begin_operation(OperationKind kind, std::chrono::nanoseconds limit) {
    operation_ = kind;
    operation_token_ = next_token_++;
    if (object_ == nullptr) {  // nothing to ask: abstract, without a library
        end_operation();
        kind == OperationKind::connect ? connected() : disconnected();
        return;
    }
    operation_limit_ = services_.scheduler.after(
        nanoseconds(limit), [weak = weak_from_this(), token = operation_token_] {
            if (const auto self = weak.lock()) {
                const std::lock_guard lock(self->mutex_);
                self->operation_expired(token);
            }
        });
    multiplexer::Signal signal;
    signal.kind =
        kind == OperationKind::connect ? PATCHBAY_SIGNAL_CONNECT : PATCHBAY_SIGNAL_DISCONNECT;
    signal.token = operation_token_;
    signal.value = nanoseconds(limit);
    (void)object_->post(0, std::move(signal));
}

void Instance::end_operation() {
    services_.scheduler.cancel(std::exchange(operation_limit_, 0));
    operation_ = OperationKind::none;
    operation_token_ = 0;
}

void Instance::operation_complete(std::uint64_t token, patchbay_status status,
                                  const patchbay_error* error) noexcept {
    const std::lock_guard lock(mutex_);
    if (token != 0 && token == side_.token && !side_.done) {
        side_.done = true;
        if (status != PATCHBAY_OK) {
            side_.error =
                error_of(status, error, "connection.operation_failed", "the plugin gave no reason");
        }
        changed_.notify_all();
        return;
    }
    if (const auto late = std::find(late_.begin(), late_.end(), token); late != late_.end()) {
        late_.erase(late);
        return;
    }
    if (token != 0 && token == unanswered_) {
        unanswered_ = 0;
        publish(events::Level::info, "connection.answered_late",
                plan_.name + " answered the disconnect after its time limit.");
        if (wants_connection_ && reconnect_ == 0 &&
            machine_.state() == ConnectionState::disconnected) {
            recover(FailureKind::connect);
        }
        return;
    }
    if (token != 0 && token == given_up_) {
        given_up_ = 0;
        return;
    }
    if (token == 0 || token != operation_token_) {
        misbehaved("operation.unknown",
                   "operation_complete was called with a token that names no operation");
        return;
    }
    if (status > 0) {
        misbehaved("operation.status",
                   "an operation was completed with a status that is no outcome");
        status = PATCHBAY_FAILED;
    }
    const OperationKind kind = operation_;
    end_operation();
    if (kind == OperationKind::disconnect) {
        if (status != PATCHBAY_OK) {
            const Error why = error_of(status, error, "connection.disconnect_failed",
                                       "the plugin gave no reason");
            publish(
                events::Level::warning, "connection.disconnect_failed",
                "Disconnecting " + plan_.name + " failed: " + why.message + " [" + why.code + "].");
        }
        disconnected();
    } else if (status == PATCHBAY_OK) {
        connected();
    } else {
        set_error(
            error_of(status, error, "connection.connect_failed", "the plugin gave no reason"));
        machine_.transit(ConnectionState::connecting, ConnectionState::disconnected);
        recover(FailureKind::connect);
    }
}

void Instance::operation_expired(std::uint64_t token) {
    if (token != operation_token_) {
        return;
    }
    if (operation_ == OperationKind::connect) {
        set_error({ErrorClass::overloaded, "connection.connect_time_limit",
                   "it did not connect within " + seconds_text(plan()->limits.timeouts.connect)});
        publish(events::Level::warning, last_error_->code,
                plan_.name + " could not connect: " + last_error_->message + '.');
        failure_ = FailureKind::connect;
        begin_disconnect();
        return;
    }
    publish(events::Level::warning, "connection.disconnect_time_limit",
            plan_.name + " did not disconnect within " +
                seconds_text(plan()->limits.timeouts.disconnect) + " and counts as disconnected.");
    unanswered_ = token;
    end_operation();
    disconnected();
}

void Instance::connected() {
    last_delay_ = attempt_ == 0 ? 0 : last_delay_;
    connected_at_ = services_.clock.monotonic();
    ++connects_;
    machine_.transit(ConnectionState::connecting, ConnectionState::connected);
    set_traffic(multiplexer::InstanceState::connected);
}

void Instance::disconnected() {
    machine_.transit(ConnectionState::disconnecting, ConnectionState::disconnected);
    if (failure_.has_value()) {
        recover(*std::exchange(failure_, std::nullopt));
    } else {
        set_traffic(multiplexer::InstanceState::disconnected);
    }
}

void Instance::connection_lost(const PluginObject& object, const patchbay_error* error) noexcept {
    const std::lock_guard lock(mutex_);
    Error why =
        error_of(PATCHBAY_DISCONNECTED, error, "connection.lost", "the plugin gave no reason");
    if (next_.get() == &object) {
        next_lost_ = std::move(why);
    } else if (retired_.get() == &object) {
        retired_lost_ = true;
    } else if (object_.get() != &object) {
        return;  // it is on its way out
    } else if (swapping_) {
        old_lost_ = std::move(why);
    } else if (on_probation_) {
        if (!trouble_) {
            trouble_ = std::move(why);
            changed_.notify_all();
        }
    } else {
        lost(std::move(why));
    }
}

void Instance::lost(Error error) {
    const ConnectionState state = machine_.state();
    if (state == ConnectionState::connecting) {
        misbehaved("connection.not_established",
                   "connection_lost was called before the connect was completed");
    }
    if (state != ConnectionState::connected) {
        return;  // it is on its way down already
    }
    set_error(std::move(error));
    // Only a connection that lived longer than the pause before it starts the count anew: one that
    // flaps would otherwise be tried for ever.
    if (services_.clock.monotonic() - connected_at_ > last_delay_) {
        attempt_ = 0;
    }
    failure_ = FailureKind::receive;
    begin_disconnect();
}

void Instance::recover(FailureKind kind) {
    const Error error = last_error_.value_or(Error{});
    const std::string what =
        plan_.name +
        (kind == FailureKind::connect ? " could not connect: " : " lost its connection: ") +
        error.message + " [" + error.code + ']';
    const std::uint32_t next = attempt_ + 1;
    if (!wants_connection_ || !may_reconnect(plan()->limits.reconnect, next)) {
        publish(events::Level::error,
                kind == FailureKind::connect ? "connection.connect_failed" : "connection.lost",
                what + '.');
        set_traffic(multiplexer::InstanceState::disconnected);
        if (std::exchange(wants_connection_, false)) {
            tell_failure(kind, error);
        }
        changed_.notify_all();
        return;
    }
    attempt_ = next;
    const auto delay = reconnect_delay(
        plan()->limits.reconnect, next,
        static_cast<double>(random_() - std::minstd_rand::min()) /
            (static_cast<double>(std::minstd_rand::max()) - std::minstd_rand::min()));
    last_delay_ = nanoseconds(delay);
    reconnect_at_ = services_.clock.wall() + last_delay_;
    set_traffic(multiplexer::InstanceState::expected);
    publish(
        events::Level::warning, "connection.reconnecting",
        what + "; attempt " + std::to_string(next) + " follows in " +
            std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(delay).count()) +
            " ms.");
    reconnect_ = services_.scheduler.after(last_delay_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            const std::optional<Error> refusal = self->collect_proofs(self->object());
            const std::lock_guard lock(self->mutex_);
            self->reconnect_ = 0;
            self->reconnect_at_ = 0;
            if (!self->wants_connection_ || self->swapping_) {
                return;
            }
            if (self->unanswered_ == 0) {
                (void)self->begin_connect(refusal);
                return;
            }
            // It goes on when it answers; until then somebody has to know.
            const Error stuck{ErrorClass::failed,
                              "connection.unresponsive",
                              "it has not answered the last disconnect",
                              {}};
            self->publish(events::Level::error, stuck.code,
                          self->plan_.name + " cannot reconnect: " + stuck.message + '.');
            self->tell_failure(FailureKind::connect, stuck);
            self->changed_.notify_all();
        }
    });
    changed_.notify_all();
}

Result<void> Instance::wait_connected() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return machine_.state() != ConnectionState::connecting; });
    if (machine_.state() == ConnectionState::connected) {
        return {};
    }
    return tl::unexpected(last_error_.value_or(
        Error{ErrorClass::disconnected, "connection.disconnected", "it is disconnected", {}}));
}

Result<void> Instance::wait_settled() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] {
        const bool for_ever = !plan()->limits.reconnect.attempts.has_value();
        return machine_.state() == ConnectionState::connected ||
               (machine_.state() == ConnectionState::disconnected && (reconnect_ == 0 || for_ever));
    });
    lock.unlock();
    return wait_connected();
}

void Instance::disconnect() {
    const std::lock_guard lock(mutex_);
    wants_connection_ = false;
    failure_.reset();
    services_.scheduler.cancel(std::exchange(reconnect_, 0));
    reconnect_at_ = 0;
    switch (machine_.state()) {
        case ConnectionState::connecting:
        case ConnectionState::connected:
            begin_disconnect();
            break;
        case ConnectionState::disconnecting:
            break;
        case ConnectionState::disconnected:
            set_traffic(multiplexer::InstanceState::disconnected);
            changed_.notify_all();
            break;
    }
}

void Instance::set_disabled(bool disabled) {
    {
        const std::lock_guard lock(mutex_);
        disabled_ = disabled;
    }
    if (disabled) {
        disconnect();
    }
}

void Instance::set_taking(bool taking) {
    const std::lock_guard lock(mutex_);
    if (machine_.state() == ConnectionState::connected) {
        set_traffic(taking ? multiplexer::InstanceState::connected
                           : multiplexer::InstanceState::disconnecting);
    }
}

void Instance::set_inbound_stopped(bool stopped) {
    const std::lock_guard lock(mutex_);
    if (traffic_ != nullptr) {
        stopped ? traffic_->stop_inbound() : traffic_->resume_inbound();
    }
}

void Instance::wait_disconnected() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return machine_.state() == ConnectionState::disconnected; });
}

}  // namespace patchbay::plugins
