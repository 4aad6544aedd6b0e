// SPDX-License-Identifier: Apache-2.0
#include "plugins/connection_host.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::plugins {
namespace {

constexpr std::uint64_t tick_interval = 1'000'000'000;
/// How often a drain looks whether it is to be cut short.
constexpr std::uint64_t drain_slice = 50'000'000;

}  // namespace

ConnectionHost::ConnectionHost(multiplexer::Multiplexer& multiplexer,
                               const multiplexer::Clock& clock, events::EventSink& events,
                               KeyValueStore* key_value, ConnectionHostOptions options)
    : multiplexer_(multiplexer),
      clock_(clock),
      events_(events),
      options_(std::move(options)),
      scheduler_(clock),
      calls_(scheduler_),
      services_{events, clock,     multiplexer,     scheduler_,
                calls_, key_value, options_.agents, options_.proofs} {}

Result<std::unique_ptr<ConnectionHost>> ConnectionHost::make(
    const Plan& plan, multiplexer::Multiplexer& multiplexer, const multiplexer::Clock& clock,
    events::EventSink& events, KeyValueStore* key_value, ConnectionHostOptions options) {
    auto runs = RunFolder::create(options.data_dir);
    if (!runs) {
        return tl::unexpected(runs.error());
    }
    std::unique_ptr<ConnectionHost> host(
        new ConnectionHost(multiplexer, clock, events, key_value, std::move(options)));
    host->runs_ = std::move(*runs);
    if (auto added = host->add_members(plan); !added) {
        return tl::unexpected(added.error());
    }
    return host;
}

ConnectionHost::~ConnectionHost() {
    hurry();
    (void)stop();
}

Result<void> ConnectionHost::add_members(const Plan& plan) {
    for (const InstancePlan& planned : plan.instances) {
        auto instance = Instance::add(planned, services_, options_.data_dir, *this);
        if (!instance) {
            return tl::unexpected(instance.error());
        }
        Member member{std::move(*instance), 0, false};
        member.instance->set_dependencies(dependencies_of(planned));
        by_name_.emplace(planned.name, members_.size());
        members_.push_back(std::move(member));
    }
    arrange_members(plan);
    return {};
}

Result<void> ConnectionHost::start() {
    {
        const std::lock_guard lock(mutex_);
        starting_ = true;
    }
    tick();
    Result<void> started = load_members();
    std::uint32_t levels = 0;
    for (const Member& member : members_) {
        levels = std::max(levels, member.level + 1);
    }
    for (std::uint32_t level = 0; started && level < levels; ++level) {
        started = connect_level(level);
    }
    // Failures that `start` answers for are not told to the policy a second time.
    scheduler_.settle();
    {
        const std::lock_guard lock(mutex_);
        starting_ = false;
        started_ = true;
        connect_waiting();
    }
    if (!started) {
        hurry();
        (void)stop();
    }
    return started;
}

bool ConnectionHost::is_fatal(const Instance& instance) {
    const std::shared_ptr<const InstancePlan> plan = instance.plan();
    return plan->required || plan->limits.on_failure != config::FailurePolicy::just_log;
}

Result<void> ConnectionHost::load_members() {
    for (Member& member : members_) {
        Instance& instance = *member.instance;
        auto loaded = load(instance, false);
        if (loaded) {
            continue;
        }
        publish(events::Level::error, instance, "plugin.load_failed",
                instance.name() + " cannot be started: " + to_string(loaded.error()) + '.');
        instance.set_failed(loaded.error());
        if (is_fatal(instance)) {
            return loaded;
        }
    }
    return {};
}

Result<void> ConnectionHost::load(Instance& instance, bool probe) {
    const std::shared_ptr<const InstancePlan> kept = instance.plan();
    const InstancePlan& plan = *kept;
    if (plan.library.empty()) {
        if (!plan.is_abstract) {
            return failure(ErrorClass::invalid, "plugin.no_library",
                           plan.name + " has no library, and only abstract connections need none");
        }
        instance.load_nothing();
        return {};
    }
    std::shared_ptr<PluginGeneration>& generation = generations_[plan.library];
    if (generation == nullptr) {
        auto loaded = PluginGeneration::load(
            runs_, plan.library, plan.class_id, ++generation_numbers_[plan.library],
            options_.identity, plan.limits.timeouts.connect, events_,
            probe ? probe_of(plan.library, {}) : Library::Check(), options_.probe.time_limit());
        if (!loaded) {
            return tl::unexpected(loaded.error());
        }
        generation = std::move(*loaded);
    }
    return instance.load(generation);
}

std::string ConnectionHost::missing_dependency(const Instance& instance) const {
    const std::shared_ptr<const InstancePlan> plan = instance.plan();
    for (const DependencyPlan& edge : plan->dependencies) {
        const auto place = by_name_.find(edge.instance);
        if (place == by_name_.end() ||
            members_[place->second].instance->state() != ConnectionState::connected) {
            return edge.instance.empty() ? edge.public_id : edge.instance;
        }
    }
    return {};
}

Result<void> ConnectionHost::connect_level(std::uint32_t level) {
    std::vector<Member*> begun;
    for (Member& member : members_) {
        Instance& instance = *member.instance;
        if (member.level != level || instance.status().phase != InstancePhase::running) {
            continue;
        }
        const std::lock_guard lock(mutex_);
        const std::string missing = missing_dependency(instance);
        if (missing.empty()) {
            if (instance.connect()) {
                begun.push_back(&member);
            }
            continue;
        }
        member.waiting = true;
        std::string text = instance.name() + " waits, because the connection it depends on, " +
                           missing + ", is not connected";
        publish(events::Level::warning, instance, "connection.waiting", text + '.');
        if (is_fatal(instance)) {
            return failure(ErrorClass::disconnected, "connection.dependency", std::move(text));
        }
    }
    Result<void> answer;
    for (Member* member : begun) {
        Instance& instance = *member->instance;
        const auto connected =
            instance.plan()->required ? instance.wait_settled() : instance.wait_connected();
        const bool will_try_again = instance.status().reconnect_at != 0;
        if (!connected && answer && is_fatal(instance) && !will_try_again) {
            Error error = connected.error();
            error.message = instance.name() + " could not connect: " + error.message;
            answer = tl::unexpected(std::move(error));
        }
    }
    return answer;
}

void ConnectionHost::on_state(Instance& instance, const StateChange& change) {
    if (options_.on_state) {
        options_.on_state(instance.name(), change);
    }
    if (change.to != ConnectionState::connected) {
        return;
    }
    const std::lock_guard lock(mutex_);
    if (!starting_) {
        connect_waiting();
    }
}

void ConnectionHost::connect_waiting() {
    for (Member& member : members_) {
        if (member.waiting && missing_dependency(*member.instance).empty()) {
            member.waiting = false;
            (void)member.instance->connect();
        }
    }
}

void ConnectionHost::on_failure(Instance& instance, FailureKind kind, const Error& error) {
    const config::FailurePolicy policy = instance.plan()->limits.on_failure;
    if (policy == config::FailurePolicy::just_log) {
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        const bool answered_for = starting_ || first_connects_.count(instance.name()) != 0;
        if (stop_requested_ || stopped_ || (answered_for && kind == FailureKind::connect)) {
            return;
        }
        stop_requested_ = true;
    }
    publish(events::Level::error, instance, "host.stop_requested",
            "The host is to stop, because " + instance.name() + " failed to " +
                std::string(to_string(kind)) + ": " + error.message + " [" + error.code + "].");
    if (options_.on_stop_requested) {
        options_.on_stop_requested({instance.name(), kind, policy, error});
    }
}

StopReport ConnectionHost::stop() {
    StopReport report;
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(stopped_, true)) {
            return report;
        }
        for (Member& member : members_) {
            member.waiting = false;
        }
    }
    for (const std::shared_ptr<Instance>& instance : instances()) {
        instance->interrupt_reload();
    }
    const std::lock_guard no_reload(reload_mutex_);
    multiplexer_.stop_inbound();
    const auto timeout =
        static_cast<std::uint64_t>(std::chrono::nanoseconds(options_.drain_timeout).count());
    const std::uint64_t deadline = clock_.monotonic() + timeout;
    for (;;) {
        const std::uint64_t now = clock_.monotonic();
        const bool last = hurry_.load() || now >= deadline;
        report.leftover = multiplexer_.drain(last ? now : std::min(deadline, now + drain_slice));
        if (last || report.leftover.empty()) {
            break;
        }
    }
    report.abandoned = multiplexer_.abandon();
    stop_members(report);
    {
        const std::lock_guard lock(mutex_);
        scheduler_.cancel(std::exchange(tick_, 0));
    }
    scheduler_.settle();
    return report;
}

void ConnectionHost::stop_members(StopReport& report) {
    std::vector<Member*> order;
    for (Member& member : members_) {
        order.push_back(&member);
    }
    // Dependents before their dependencies; within a level all at once.
    std::stable_sort(order.begin(), order.end(),
                     [](const Member* a, const Member* b) { return a->level > b->level; });
    for (std::size_t begin = 0; begin < order.size();) {
        std::size_t end = begin;
        while (end < order.size() && order[end]->level == order[begin]->level) {
            order[end++]->instance->disconnect();
        }
        for (; begin < end; ++begin) {
            order[begin]->instance->wait_disconnected();
        }
    }
    for (Member* member : order) {
        member->instance->stop();
        if (member->instance->status().phase == InstancePhase::hung) {
            report.hung.push_back(member->instance->name());
        }
    }
    for (const std::shared_ptr<Instance>& instance : hung_) {
        instance->stop();
        if (instance->status().phase == InstancePhase::hung) {
            report.hung.push_back(instance->name());
        }
    }
    generations_.clear();
}

void ConnectionHost::tick() {
    multiplexer_.tick();
    const std::lock_guard lock(mutex_);
    if (stopped_) {
        return;
    }
    tick_ = scheduler_.after(tick_interval, [this] { tick(); });
}

std::vector<std::shared_ptr<Instance>> ConnectionHost::instances() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Instance>> answer;
    answer.reserve(members_.size() + hung_.size());
    for (const Member& member : members_) {
        answer.push_back(member.instance);
    }
    answer.insert(answer.end(), hung_.begin(), hung_.end());
    return answer;
}

std::vector<InstanceStatus> ConnectionHost::status() const {
    std::vector<InstanceStatus> answer;
    for (const std::shared_ptr<Instance>& instance : instances()) {
        answer.push_back(instance->status());
    }
    return answer;
}

std::shared_ptr<Instance> ConnectionHost::find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto place = by_name_.find(name);
    return place == by_name_.end() ? nullptr : members_[place->second].instance;
}

std::map<std::string, std::vector<MetricValue>> ConnectionHost::metrics() const {
    std::map<std::string, std::vector<MetricValue>> answer;
    for (const std::shared_ptr<Instance>& instance : instances()) {
        answer.emplace(instance->name(), instance->metrics());
    }
    return answer;
}

void ConnectionHost::publish(events::Level level, const Instance& instance, const char* code,
                             std::string text) {
    events_.publish({level, "plugins", code, std::move(text), instance.name()});
}

}  // namespace patchbay::plugins
