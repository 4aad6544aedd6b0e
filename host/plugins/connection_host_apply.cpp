// SPDX-License-Identifier: Apache-2.0
// The part of the connection host that brings what runs to another plan.
#include "plugins/connection_host.hpp"
#include "plugins/duration.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>
#include <utility>

namespace patchbay::plugins {
namespace {

/// Between two looks at an instance that drains, or at whether the host stops meanwhile.
constexpr std::chrono::milliseconds look{1};
constexpr std::chrono::milliseconds longest_wait{50};

const char* event_code(ChangeKind kind) {
    switch (kind) {
        case ChangeKind::added:
            return "instance.added";
        case ChangeKind::removed:
            return "instance.removed";
        case ChangeKind::replaced:
            return "instance.replaced";
        case ChangeKind::renewed:
        case ChangeKind::reconfigured:
            break;
    }
    return "instance.changed";
}

}  // namespace

/// One run of `apply`; reload_mutex_ is held for its life.
class ConnectionHost::Application {
  public:
    Application(ConnectionHost& host, const ApplyRequest& request)
        : host_(host), request_(request), difference_(difference(host.running(), request.plan)) {
        for (const InstancePlan& instance : request.plan.instances) {
            plans_.emplace(instance.name, std::make_shared<const InstancePlan>(instance));
        }
        for (const InstanceDifference& each : difference_.all()) {
            kinds_.emplace(each.name, each.kind);
        }
    }

    ApplyReport run() {
        const std::uint64_t begin = host_.clock_.monotonic();
        for (const std::string& name : difference_.added) {
            add(name, {});
        }
        if (request_.routing) {
            host_.multiplexer_.set_routing(*request_.routing);
        }
        take_apart();
        for (const InstanceDifference& each : difference_.changed) {
            if (each.kind == ChangeKind::replaced) {
                add(each.name, each.parts);
            }
        }
        host_.arrange_members(request_.plan);
        for (Member& member : host_.members_) {
            if (is_fresh(member)) {
                load(member);
            }
        }
        bring_up();
        for (const std::string& name : difference_.unchanged) {
            host_.find(name)->change_plan(plans_.at(name));
        }
        {
            const std::lock_guard lock(host_.mutex_);
            host_.connect_waiting();
        }
        ApplyReport report;
        report.unchanged = difference_.unchanged;
        for (AppliedInstance& applied : applied_) {
            tell(applied);
            report.instances.push_back(std::move(applied));
        }
        report.time = host_.clock_.monotonic() - begin;
        return report;
    }

  private:
    [[nodiscard]] bool is_fresh(const Member& member) const {
        const auto kind = kinds_.find(member.instance->name());
        return kind != kinds_.end() &&
               (kind->second == ChangeKind::added || kind->second == ChangeKind::replaced);
    }

    [[nodiscard]] bool host_stops() const {
        const std::lock_guard lock(host_.mutex_);
        return host_.stopped_;
    }

    AppliedInstance& entry(const std::string& name) {
        const auto known =
            std::find_if(applied_.begin(), applied_.end(),
                         [&](const AppliedInstance& each) { return each.name == name; });
        if (known != applied_.end()) {
            return *known;
        }
        applied_.push_back({name, kinds_.at(name)});
        return applied_.back();
    }

    /// Registers it with the multiplexer: from now on its mail waits for it.
    void add(const std::string& name, const std::vector<PlanPart>& parts) {
        AppliedInstance& applied = entry(name);
        applied.parts = parts;
        auto instance =
            Instance::add(*plans_.at(name), host_.services_, host_.options_.data_dir, host_);
        if (!instance) {
            applied.error = instance.error();
            return;
        }
        const std::lock_guard lock(host_.mutex_);
        host_.members_.push_back({std::move(*instance), 0, false});
        host_.index_members();
    }

    // ---- What is no longer planned, or not like this ----

    void take_apart() {
        std::vector<Member> leaving;
        for (const Member& member : host_.members_) {
            const auto kind = kinds_.find(member.instance->name());
            if (kind != kinds_.end() &&
                (kind->second == ChangeKind::removed || kind->second == ChangeKind::replaced)) {
                leaving.push_back(member);
            }
        }
        // Dependents first; at the same level those that bring requests before those that answer.
        std::stable_sort(leaving.begin(), leaving.end(), [](const Member& a, const Member& b) {
            return a.level != b.level
                       ? a.level > b.level
                       : !a.instance->plan()->consumer && b.instance->plan()->consumer;
        });
        for (const Member& member : leaving) {
            take_apart(member.instance);
        }
        host_.drop_unused_generations();
    }

    void take_apart(const std::shared_ptr<Instance>& instance) {
        AppliedInstance& applied = entry(instance->name());
        {
            const std::lock_guard lock(host_.mutex_);
            host_.members_[host_.by_name_.find(instance->name())->second].waiting = false;
        }
        applied.abandoned = drain(*instance);
        instance->disconnect();
        instance->wait_disconnected();
        {
            const std::lock_guard lock(host_.mutex_);
            host_.members_.erase(
                host_.members_.begin() +
                static_cast<std::ptrdiff_t>(host_.by_name_.find(instance->name())->second));
            host_.index_members();
        }
        instance->stop();
        if (instance->status().phase == InstancePhase::hung) {
            applied.error = Error{ErrorClass::failed,
                                  "plugin.hung",
                                  "code of it still runs; its library stays loaded",
                                  {}};
            const std::lock_guard lock(host_.mutex_);
            host_.hung_.push_back(instance);
        }
    }

    /// What waits or is in progress when the time is over. A source of requests is never idle for
    /// long: what was there when the drain began is done once nothing is there for a moment.
    [[nodiscard]] std::uint64_t drain(const Instance& instance) const {
        const std::uint64_t deadline =
            host_.clock_.monotonic() + nanoseconds(host_.options_.drain_timeout);
        for (;;) {
            const InstanceStatus status = instance.status();
            const std::uint64_t left = status.queued + status.in_flight;
            if (left == 0 || status.state != ConnectionState::connected ||
                host_.clock_.monotonic() >= deadline || host_stops()) {
                return left;
            }
            std::this_thread::sleep_for(look);
        }
    }

    // ---- What is new or changed ----

    void load(Member& member) {
        Instance& instance = *member.instance;
        instance.set_dependencies(host_.dependencies_of(*instance.plan()));
        if (auto loaded = host_.load(instance, true); !loaded) {
            instance.set_failed(loaded.error());
            entry(instance.name()).error = loaded.error();
        }
    }

    /// Level by level: changes, one after the other, then the new ones, all at once.
    void bring_up() {
        std::uint32_t levels = 0;
        for (const Member& member : host_.members_) {
            levels = std::max(levels, member.level + 1);
        }
        for (std::uint32_t level = 0; level < levels; ++level) {
            for (const InstanceDifference& each : difference_.changed) {
                const auto place = host_.by_name_.find(each.name);
                if (each.kind != ChangeKind::replaced && place != host_.by_name_.end() &&
                    host_.members_[place->second].level == level) {
                    change(each);
                }
            }
            connect(level);
        }
    }

    void change(const InstanceDifference& change) {
        if (changed_.count(change.name) != 0) {
            return;  // together with another one of its library
        }
        const std::shared_ptr<const InstancePlan>& plan = plans_.at(change.name);
        const std::shared_ptr<Instance> instance = host_.find(change.name);
        AppliedInstance& applied = entry(change.name);
        applied.parts = change.parts;
        if (change.kind == ChangeKind::reconfigured || plan->library.empty()) {
            instance->set_dependencies(host_.dependencies_of(*plan));
            instance->change_plan(plan);
            return;
        }
        if (host_stops()) {
            applied.error =
                Error{ErrorClass::disconnected, "reload.interrupted", "the host stops", {}};
            return;
        }
        const auto report = host_.reload_library(*plan, {change.name}, changes_of(plan->library));
        if (!report) {
            applied.error = report.error();
            return;
        }
        for (const ReloadedInstance& reloaded : report->instances) {
            if (kinds_.count(reloaded.name) == 0) {
                continue;  // took part because the library was new
            }
            changed_.insert(reloaded.name);
            AppliedInstance& done = entry(reloaded.name);
            done.parts = parts_of(reloaded.name);
            done.pause = reloaded.pause;
            done.abandoned = reloaded.abandoned;
            done.error = reloaded.not_connected;
        }
    }

    [[nodiscard]] std::vector<PlanPart> parts_of(const std::string& name) const {
        for (const InstanceDifference& each : difference_.changed) {
            if (each.name == name) {
                return each.parts;
            }
        }
        return {};
    }

    /// Those of a library that are still to be made.
    [[nodiscard]] PlanChanges changes_of(const std::string& library) const {
        PlanChanges changes;
        for (const InstanceDifference& each : difference_.changed) {
            const std::shared_ptr<const InstancePlan>& plan = plans_.at(each.name);
            if (each.kind == ChangeKind::renewed && plan->library == library &&
                changed_.count(each.name) == 0) {
                changes.emplace(each.name, PlanChange{plan, host_.dependencies_of(*plan)});
            }
        }
        return changes;
    }

    void connect(std::uint32_t level) {
        std::vector<std::shared_ptr<Instance>> begun;
        for (Member& member : host_.members_) {
            Instance& instance = *member.instance;
            if (member.level != level || !is_fresh(member) ||
                instance.status().phase != InstancePhase::running) {
                continue;
            }
            AppliedInstance& applied = entry(instance.name());
            const std::lock_guard lock(host_.mutex_);
            if (host_.stopped_) {
                return;
            }
            if (const std::string missing = host_.missing_dependency(instance); !missing.empty()) {
                member.waiting = true;
                applied.error = Error{ErrorClass::disconnected,
                                      "connection.dependency",
                                      "it waits, because the connection it depends on, " + missing +
                                          ", is not connected",
                                      {}};
            } else if (auto connecting = instance.connect(); !connecting) {
                applied.error = connecting.error();
            } else {
                host_.first_connects_.insert(instance.name());
                begun.push_back(member.instance);
            }
        }
        if (begun.empty()) {
            return;
        }
        for (const std::shared_ptr<Instance>& instance : begun) {
            while (!instance->wait({ConnectionState::connected, ConnectionState::disconnected},
                                   longest_wait)) {
                if (host_stops()) {
                    break;  // `stop` ends the attempt
                }
            }
            if (const InstanceStatus status = instance->status();
                status.state != ConnectionState::connected) {
                entry(instance->name()).error = status.last_error.value_or(Error{
                    ErrorClass::disconnected, "connection.disconnected", "it is disconnected", {}});
            }
        }
        host_.scheduler_.settle();  // what failed has been told
        const std::lock_guard lock(host_.mutex_);
        host_.first_connects_.clear();
    }

    void tell(const AppliedInstance& applied) {
        const bool made = !applied.error || applied.kind == ChangeKind::added ||
                          applied.kind == ChangeKind::removed;
        std::string text =
            applied.name + (made ? " was " : " was not ") + std::string(to_string(applied.kind));
        if (!applied.parts.empty()) {
            text += " (" + parts_text(applied.parts) + ')';
        }
        if (applied.abandoned != 0) {
            text += "; " + std::to_string(applied.abandoned) + " envelopes were left over";
        }
        if (applied.error) {
            text += made ? ", but " : ": ";
            text += applied.error->message + " [" + applied.error->code + ']';
        }
        host_.events_.publish(
            {applied.error ? events::Level::error : events::Level::info, "plugins",
             made ? event_code(applied.kind) : "instance.change_failed", text + '.', applied.name});
    }

    ConnectionHost& host_;
    const ApplyRequest& request_;
    const PlanDifference difference_;
    std::map<std::string, std::shared_ptr<const InstancePlan>, std::less<>> plans_;
    std::map<std::string, ChangeKind, std::less<>> kinds_;
    std::vector<AppliedInstance> applied_;
    /// Renewed.
    std::set<std::string> changed_;
};

Result<ApplyReport> ConnectionHost::apply(const ApplyRequest& request) {
    const std::unique_lock one(reload_mutex_, std::try_to_lock);
    if (!one.owns_lock()) {
        return failure(ErrorClass::overloaded, "reload.in_progress",
                       "a reload or another change is in progress; wait for its end");
    }
    {
        const std::lock_guard lock(mutex_);
        if (!started_ || stopped_) {
            return failure(ErrorClass::invalid, "reload.not_running",
                           std::string("the host is ") + (stopped_ ? "stopping" : "starting"));
        }
    }
    if (!request.plan.ok()) {
        return tl::unexpected(request.plan.problems.front());
    }
    options_.drain_timeout = request.drain_timeout.value_or(options_.drain_timeout);
    return Application(*this, request).run();
}

Plan ConnectionHost::running() const {
    Plan plan;
    const std::lock_guard lock(mutex_);
    for (const Member& member : members_) {
        plan.instances.push_back(*member.instance->plan());
    }
    return plan;
}

std::vector<Dependency> ConnectionHost::dependencies_of(const InstancePlan& plan) const {
    std::vector<Dependency> dependencies;
    for (const DependencyPlan& edge : plan.dependencies) {
        // One that is not there: the resolver has told.
        if (const auto place = by_name_.find(edge.instance); place != by_name_.end()) {
            dependencies.push_back({edge.public_id, members_[place->second].instance});
        }
    }
    return dependencies;
}

void ConnectionHost::index_members() {
    by_name_.clear();
    for (std::size_t i = 0; i < members_.size(); ++i) {
        by_name_.emplace(members_[i].instance->name(), i);
    }
}

void ConnectionHost::arrange_members(const Plan& plan) {
    const std::lock_guard lock(mutex_);
    std::vector<Member> ordered;
    std::map<std::string_view, std::uint32_t> levels;
    for (const InstancePlan& planned : plan.instances) {
        std::uint32_t level = 0;
        for (const DependencyPlan& edge : planned.dependencies) {
            if (const auto known = levels.find(edge.instance); known != levels.end()) {
                level = std::max(level, known->second + 1);
            }
        }
        levels[planned.name] = level;
        // One that could not be registered is not there.
        if (const auto place = by_name_.find(planned.name); place != by_name_.end()) {
            ordered.push_back(members_[place->second]);
            ordered.back().level = level;
        }
    }
    members_ = std::move(ordered);
    index_members();
}

void ConnectionHost::drop_unused_generations() {
    for (auto each = generations_.begin(); each != generations_.end();) {
        const bool used = std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
            return member.instance->plan()->library == each->first &&
                   member.instance->status().phase != InstancePhase::added;
        });
        if (used || each->second == nullptr) {
            ++each;
            continue;
        }
        const std::shared_ptr<PluginGeneration::End> end = each->second->end();
        each = generations_.erase(each);
        const std::lock_guard lock(end->mutex);
        if (!end->ended || !end->unloaded.gone) {
            ++kept_libraries_;
        }
    }
}

}  // namespace patchbay::plugins
