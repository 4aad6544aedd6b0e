// SPDX-License-Identifier: Apache-2.0
#include "plugins/instance.hpp"

#include "plugins/duration.hpp"

#include <utility>

namespace patchbay::plugins {

std::string_view to_string(FailureKind kind) {
    switch (kind) {
        case FailureKind::connect:
            return "connect";
        case FailureKind::receive:
            return "receive";
        case FailureKind::send:
            return "send";
    }
    return "unknown";
}

std::string_view to_string(InstancePhase phase) {
    switch (phase) {
        case InstancePhase::added:
            return "added";
        case InstancePhase::running:
            return "running";
        case InstancePhase::failed:
            return "failed";
        case InstancePhase::stopped:
            return "stopped";
        case InstancePhase::hung:
            return "hung";
    }
    return "unknown";
}

Instance::Instance(const InstancePlan& plan, const HostServices& services, std::string data_folder,
                   InstanceListener& listener)
    : plan_{plan.name, plan.component_id, plan.class_id, plan.is_abstract},
      services_(services),
      data_folder_(std::move(data_folder)),
      listener_(listener),
      current_plan_(std::make_shared<const InstancePlan>(plan)),
      machine_([this](const StateChange& change) { tell_state(change); }),
      since_(services.clock.wall()) {}

Instance::~Instance() {
    // Never started, or stopped: nobody but the multiplexer knows it any more.
    if (traffic_ != nullptr && phase_ != InstancePhase::hung) {
        services_.multiplexer.remove_instance(*traffic_);
    }
}

Result<std::shared_ptr<Instance>> Instance::add(const InstancePlan& plan,
                                                const HostServices& services,
                                                std::string data_folder,
                                                InstanceListener& listener) {
    std::shared_ptr<Instance> instance(
        new Instance(plan, services, std::move(data_folder), listener));
    multiplexer::InstanceOptions options;
    options.name = plan.name;
    options.component_id = plan.component_id;
    if (plan.manifest != nullptr) {
        for (const auto& protocol : plan.manifest->excluded_protocols) {
            options.excluded_protocols.push_back(protocol.id);
        }
        for (const auto& protocol : plan.manifest->restricted_to_protocols) {
            options.restricted_to_protocols.push_back(protocol.id);
        }
    }
    options.mailbox_envelopes = plan.limits.mailbox.envelopes;
    options.mailbox_bytes = plan.limits.mailbox.bytes;
    options.send_time_limit = nanoseconds(plan.limits.timeouts.send);
    options.observer = instance.get();
    auto added = services.multiplexer.add_instance(std::move(options));
    if (!added) {
        return tl::unexpected(added.error());
    }
    instance->traffic_ = *added;
    instance->number_ = (*added)->number();
    if (plan.is_abstract) {
        (*added)->set_state(multiplexer::InstanceState::disconnected);
    }
    return instance;
}

void Instance::set_dependencies(std::vector<Dependency> dependencies) {
    dependencies_ = std::move(dependencies);
}

std::shared_ptr<const InstancePlan> Instance::plan() const {
    const std::lock_guard lock(plan_mutex_);
    return current_plan_;
}

void Instance::change_plan(std::shared_ptr<const InstancePlan> plan) {
    const std::lock_guard lock(mutex_);
    use_plan(std::move(plan));
}

void Instance::use_plan(std::shared_ptr<const InstancePlan> plan) {
    if (traffic_ != nullptr) {
        traffic_->set_send_time_limit(nanoseconds(plan->limits.timeouts.send));
    }
    const std::lock_guard lock(plan_mutex_);
    current_plan_ = std::move(plan);
}

void Instance::load_nothing() {
    const std::lock_guard lock(mutex_);
    phase_ = InstancePhase::running;
}

void Instance::set_failed(Error error) {
    const std::lock_guard lock(mutex_);
    phase_ = InstancePhase::failed;
    set_error(std::move(error));
    set_traffic(multiplexer::InstanceState::disconnected);
}

std::shared_ptr<PluginObject> Instance::object() const {
    const std::lock_guard lock(mutex_);
    return object_;
}

std::shared_ptr<CallParty> Instance::call_party() {
    const std::lock_guard lock(mutex_);
    if (held_calls_ != nullptr) {
        return held_calls_;
    }
    return object_;
}

void Instance::set_error(Error error) {
    last_error_ = std::move(error);
    last_error_at_ = services_.clock.wall();
}

void Instance::set_traffic(multiplexer::InstanceState state) {
    if (traffic_ != nullptr && !plan_.is_abstract) {
        traffic_->set_state(state);
    }
}

}  // namespace patchbay::plugins
