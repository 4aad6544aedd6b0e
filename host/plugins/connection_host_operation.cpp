// SPDX-License-Identifier: Apache-2.0
// What an operator does to instances of a running host: disable, enable, drain.
#include "plugins/connection_host.hpp"
#include "plugins/duration.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace patchbay::plugins {
namespace {

/// Between two looks at what is left to do.
constexpr std::chrono::milliseconds look_pause{1};

DrainedInstance work_of(const InstanceStatus& status) {
    return {status.name, status.queued, status.in_flight, status.awaited};
}

bool is_at_rest(const InstanceStatus& status) {
    return status.state == ConnectionState::disconnected && status.reconnect_at == 0;
}

/// "`a`, `b`"
template <class Pointers>
std::string names_of(const Pointers& members) {
    std::string names;
    for (const auto* member : members) {
        names += (names.empty() ? "`" : ", `") + member->instance->name() + '`';
    }
    return names;
}

tl::unexpected<Error> unknown(const std::string& instance) {
    return failure(ErrorClass::invalid, "operation.unknown_instance",
                   "there is no instance called `" + instance + '`');
}

tl::unexpected<Error> interrupted() {
    return failure(ErrorClass::disconnected, "operation.interrupted", "the host stops");
}

/// "2 waiting, 1 in progress, 1 to be answered"
std::string work_text(const DrainedInstance& work) {
    std::string text;
    const auto add = [&text](std::uint64_t count, const char* what) {
        if (count != 0) {
            text += (text.empty() ? "" : ", ") + std::to_string(count) + what;
        }
    };
    add(work.queued, " waiting");
    add(work.in_flight, " in progress");
    add(work.awaited, " to be answered");
    return text;
}

}  // namespace

ConnectionHost::Member* ConnectionHost::member(const std::string& name) {
    const auto place = by_name_.find(name);
    return place == by_name_.end() ? nullptr : &members_[place->second];
}

std::optional<Error> ConnectionHost::not_running() const {
    const std::lock_guard lock(mutex_);
    if (!starting_ && !stopped_) {
        return std::nullopt;
    }
    return Error{ErrorClass::invalid,
                 "operation.not_running",
                 std::string("the host is ") + (stopped_ ? "stopping" : "starting"),
                 {}};
}

bool ConnectionHost::wait_until(std::uint64_t deadline,
                                const std::function<bool()>& condition) const {
    while (!condition()) {
        if (clock_.monotonic() >= deadline || not_running()) {
            return false;
        }
        std::this_thread::sleep_for(look_pause);
    }
    return true;
}

std::vector<ConnectionHost::Member*> ConnectionHost::active_dependents(const Member& member) {
    std::vector<const Member*> closure{&member};
    std::vector<Member*> dependents;
    // In the order of the plan dependencies come first, so that one pass finds all.
    for (Member& candidate : members_) {
        const auto plan = candidate.instance->plan();
        const std::vector<DependencyPlan>& edges = plan->dependencies;
        const bool depends = std::any_of(edges.begin(), edges.end(), [&](const auto& edge) {
            return std::any_of(closure.begin(), closure.end(), [&](const Member* known) {
                return known->instance->name() == edge.instance;
            });
        });
        if (depends) {
            closure.push_back(&candidate);
            if (!is_at_rest(candidate.instance->status())) {
                dependents.push_back(&candidate);
            }
        }
    }
    std::reverse(dependents.begin(), dependents.end());
    return dependents;
}

std::vector<ConnectionHost::Member*> ConnectionHost::missing_dependencies(const Member& member) {
    std::vector<const Member*> closure{&member};
    std::vector<Member*> missing;
    for (auto candidate = members_.rbegin(); candidate != members_.rend(); ++candidate) {
        const bool needed =
            std::any_of(closure.begin(), closure.end(), [&](const Member* dependent) {
                const auto plan = dependent->instance->plan();
                const std::vector<DependencyPlan>& edges = plan->dependencies;
                return std::any_of(edges.begin(), edges.end(), [&](const auto& edge) {
                    return edge.instance == candidate->instance->name();
                });
            });
        if (needed && candidate->instance->state() != ConnectionState::connected) {
            closure.push_back(&*candidate);
            missing.push_back(&*candidate);
        }
    }
    std::reverse(missing.begin(), missing.end());
    return missing;
}

// ---- Disable -----------------------------------------------------------------------------------

Result<std::vector<DisabledInstance>> ConnectionHost::disable(const std::string& instance,
                                                              bool cascade) {
    const std::lock_guard one(reload_mutex_);
    if (auto problem = not_running()) {
        return tl::unexpected(std::move(*problem));
    }
    Member* const named = member(instance);
    if (named == nullptr) {
        return unknown(instance);
    }
    std::vector<Member*> order = active_dependents(*named);
    if (!order.empty() && !cascade && !named->instance->status().disabled) {
        return failure(ErrorClass::invalid, "operation.dependents",
                       names_of(order) + (order.size() == 1 ? " depends" : " depend") + " on `" +
                           instance + "` and would lose it; disable " +
                           (order.size() == 1 ? "it" : "them") + " first, or use --cascade");
    }
    order.push_back(named);
    std::vector<DisabledInstance> disabled;
    for (Member* member : order) {
        auto done = disable_one(*member);
        if (!done) {
            return tl::unexpected(done.error());
        }
        disabled.push_back(std::move(*done));
    }
    return disabled;
}

Result<DisabledInstance> ConnectionHost::disable_one(Member& member) {
    Instance& instance = *member.instance;
    DisabledInstance answer{instance.name()};
    if (instance.status().disabled) {
        answer.already = true;
        return answer;
    }
    {
        const std::lock_guard lock(mutex_);
        member.waiting = false;
    }
    if (instance.state() == ConnectionState::connected) {
        const bool finished =
            finish_work(instance, clock_.monotonic() + nanoseconds(options_.drain_timeout));
        if (not_running()) {
            instance.set_taking(true);  // `stop` drains it with the others
            return interrupted();
        }
        if (!finished) {
            const DrainedInstance left = work_of(instance.status());
            answer.abandoned = left.queued + left.in_flight;
        }
    }
    instance.set_disabled(true);
    instance.wait_disconnected();
    instance.set_inbound_stopped(false);
    publish(answer.abandoned == 0 ? events::Level::info : events::Level::warning, instance,
            "connection.disabled",
            instance.name() + " is disabled" +
                (answer.abandoned == 0 ? std::string()
                                       : "; " + std::to_string(answer.abandoned) +
                                             " envelopes were not completed in time") +
                ". It stays disconnected until it is enabled or the host starts anew.");
    return answer;
}

bool ConnectionHost::finish_work(Instance& instance, std::uint64_t deadline) {
    instance.set_inbound_stopped(true);
    bool finished = wait_until(deadline, [&] { return instance.status().awaited == 0; });
    // What comes from now on is not waited for: others might go on sending for ever.
    const InstanceStatus before = instance.status();
    finished = wait_until(deadline,
                          [&] {
                              const InstanceStatus now = instance.status();
                              return now.queued == 0 || now.taken >= before.taken + before.queued;
                          }) &&
               finished;
    instance.set_taking(false);
    return wait_until(deadline, [&] { return instance.status().in_flight == 0; }) && finished;
}

// ---- Enable ------------------------------------------------------------------------------------

Result<std::vector<EnabledInstance>> ConnectionHost::enable(const std::string& instance,
                                                            bool cascade) {
    const std::lock_guard one(reload_mutex_);
    if (auto problem = not_running()) {
        return tl::unexpected(std::move(*problem));
    }
    Member* const named = member(instance);
    if (named == nullptr) {
        return unknown(instance);
    }
    std::vector<Member*> order;
    if (named->instance->state() != ConnectionState::connected) {
        order = missing_dependencies(*named);
    }
    if (!order.empty() && !cascade) {
        return failure(ErrorClass::disconnected, "operation.dependencies",
                       '`' + instance + "` depends on " + names_of(order) + ", which " +
                           (order.size() == 1 ? "is" : "are") + " not connected; enable " +
                           (order.size() == 1 ? "it" : "them") + " first, or use --cascade");
    }
    order.push_back(named);
    std::vector<EnabledInstance> enabled;
    enabled.reserve(order.size());
    for (Member* member : order) {
        enabled.push_back(enable_one(*member));
    }
    return enabled;
}

Result<std::vector<EnabledInstance>> ConnectionHost::enable_all() {
    const std::lock_guard one(reload_mutex_);
    if (auto problem = not_running()) {
        return tl::unexpected(std::move(*problem));
    }
    if (multiplexer_.is_inbound_stopped()) {
        multiplexer_.resume_inbound();
        events_.publish({events::Level::info,
                         "plugins",
                         "host.resumed",
                         "The host takes inbound envelopes again.",
                         {}});
    }
    std::vector<EnabledInstance> enabled;
    for (Member& member : members_) {
        const InstanceStatus status = member.instance->status();
        if (status.disabled || status.inbound_stopped) {
            enabled.push_back(enable_one(member));
        }
    }
    return enabled;
}

EnabledInstance ConnectionHost::enable_one(Member& member) {
    Instance& instance = *member.instance;
    const InstanceStatus before = instance.status();
    EnabledInstance answer{instance.name()};
    answer.already = before.state == ConnectionState::connected && !before.inbound_stopped;
    if (answer.already) {
        return answer;
    }
    instance.set_disabled(false);
    if (before.inbound_stopped) {
        instance.set_inbound_stopped(false);
    }
    if (before.state == ConnectionState::disconnecting) {
        instance.wait_disconnected();
    }
    if (instance.state() == ConnectionState::connecting) {
        if (auto connected = instance.wait_connected(); !connected) {
            answer.not_connected = connected.error();
        }
    } else {
        answer.not_connected = connect_again(member);
    }
    publish(events::Level::info, instance, "connection.enabled",
            instance.name() + " is enabled" +
                (answer.not_connected ? ", but not connected: " + answer.not_connected->message
                                      : std::string()) +
                '.');
    return answer;
}

// ---- Drain -------------------------------------------------------------------------------------

Result<DrainReport> ConnectionHost::drain(const std::string& instance,
                                          std::chrono::milliseconds limit) {
    if (auto problem = not_running()) {
        return tl::unexpected(std::move(*problem));
    }
    const std::string subject = instance.empty() ? "The host" : instance;
    const std::string kind = instance.empty() ? "host" : "connection";
    std::vector<std::shared_ptr<Instance>> drained;
    if (instance.empty()) {
        {
            const std::lock_guard lock(mutex_);
            for (const Member& member : members_) {
                drained.push_back(member.instance);
            }
        }
        multiplexer_.stop_inbound();
    } else {
        const std::shared_ptr<Instance> named = find(instance);
        if (named == nullptr) {
            return unknown(instance);
        }
        drained.push_back(named);
        named->set_inbound_stopped(true);
    }
    events_.publish({events::Level::info, "plugins", kind + ".draining",
                     subject + " takes no inbound envelopes until it is enabled.", instance});
    const std::uint64_t begin = clock_.monotonic();
    DrainReport report;
    bool enabled = false;
    const bool idle = wait_until(begin + nanoseconds(limit), [&] {
        report.left.clear();
        enabled = !(instance.empty() ? multiplexer_.is_inbound_stopped()
                                     : drained.front()->status().inbound_stopped);
        if (enabled) {
            return true;
        }
        for (const std::shared_ptr<Instance>& each : drained) {
            if (DrainedInstance work = work_of(each->status()); !work.is_idle()) {
                report.left.push_back(std::move(work));
            }
        }
        return report.left.empty();
    });
    report.duration = clock_.monotonic() - begin;
    if (not_running()) {  // what `stop` gave up may look like nothing left
        return interrupted();
    }
    if (enabled) {
        return failure(ErrorClass::invalid, "operation.enabled",
                       (instance.empty() ? "the host" : '`' + instance + '`') +
                           " was enabled or disabled meanwhile, and is not drained any more");
    }
    std::string left;
    for (const DrainedInstance& work : report.left) {
        left += (left.empty() ? "" : "; ") + work.name + ": " + work_text(work);
    }
    events_.publish({idle ? events::Level::info : events::Level::warning, "plugins",
                     kind + ".drained",
                     idle ? subject + " is drained: nothing is left."
                          : subject + " did not become idle in time: " + left + '.',
                     instance});
    return report;
}

}  // namespace patchbay::plugins
