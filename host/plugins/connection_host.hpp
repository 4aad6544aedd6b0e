// SPDX-License-Identifier: Apache-2.0
/// \file
/// Runs what the resolver planned: loads the plugins, connects the instances in the order of their
/// dependencies, keeps to the policies when something fails, and ends everything in the reverse
/// order. This is what the host's program and embedding programs start.
///
/// Use: `make` registers the instances with the multiplexer; then set its routing; then `start`,
/// and at the end `stop`. One `ConnectionHost` per multiplexer.
#pragma once

#include "config/host_configuration.hpp"
#include "events/event.hpp"
#include "multiplexer/multiplexer.hpp"
#include "plugins/apply.hpp"
#include "plugins/call_router.hpp"
#include "plugins/instance.hpp"
#include "plugins/instance_status.hpp"
#include "plugins/key_value_store.hpp"
#include "plugins/library_probe.hpp"
#include "plugins/operation.hpp"
#include "plugins/plan.hpp"
#include "plugins/plugin_generation.hpp"
#include "plugins/proof_source.hpp"
#include "plugins/quarantine.hpp"
#include "plugins/reload.hpp"
#include "plugins/run_folder.hpp"
#include "plugins/scheduler.hpp"

#include <patchbay/result.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

/// A policy asks for the end of the host.
struct StopRequest {
    std::string instance;
    FailureKind kind = FailureKind::connect;
    /// `propagate` (the program ends as failed) or `stop_and_exit`.
    config::FailurePolicy policy = config::FailurePolicy::propagate;
    Error error;
};

struct ConnectionHostOptions {
    /// Absolute; holds the private copies (below run/) and the plugins' files.
    std::string data_dir;
    HostIdentity identity{};
    /// Who the agents of transports are; may be null, and outlives the host.
    AgentIdentity* agents = nullptr;
    /// Null: instances with `cert_requests` do not connect. Outlives the host.
    ProofSource* proofs = nullptr;
    /// How long `stop` lets mailboxes drain.
    std::chrono::milliseconds drain_timeout{10'000};
    /// How long new code is on probation after a reload: when it loses its connection or throws
    /// meanwhile, the old one takes its place again. 0 = not at all.
    std::chrono::milliseconds reload_probation{500};
    /// How libraries are tried before they come into a host that runs.
    ProbeOptions probe{};
    /// Called once, on the scheduler's thread, when a policy asks for the end. It must not call
    /// `stop` itself: that waits for this thread.
    std::function<void(const StopRequest&)> on_stop_requested{};
    /// Called after every change of state, on the scheduler's thread, in order per instance.
    std::function<void(const std::string& instance, const StateChange&)> on_state{};
};

/// What `stop` left.
struct StopReport {
    /// Instances whose mailboxes or envelopes in flight did not drain in time.
    std::vector<multiplexer::Leftover> leftover;
    /// Envelopes that became dead letters because of that.
    std::uint64_t abandoned = 0;
    /// Instances of which code still runs. The program should end by std::quick_exit then, because
    /// the multiplexer and the instances cannot be taken apart under that code.
    std::vector<std::string> hung;

    [[nodiscard]] bool clean() const { return leftover.empty() && hung.empty(); }
};

class ConnectionHost final : private InstanceListener {
  public:
    /// Registers all planned instances. The references outlive the host; `key_value` may be null.
    [[nodiscard]] static Result<std::unique_ptr<ConnectionHost>> make(
        const Plan& plan, multiplexer::Multiplexer& multiplexer, const multiplexer::Clock& clock,
        events::EventSink& events, KeyValueStore* key_value, ConnectionHostOptions options);
    ConnectionHost(const ConnectionHost&) = delete;
    ConnectionHost& operator=(const ConnectionHost&) = delete;
    /// Stops at once what was not stopped.
    ~ConnectionHost() override;

    /// Loads and connects. Returns when every instance is connected, has failed, or is being tried
    /// again; fails, with everything stopped, when a required instance (or one whose policy is not
    /// `just_log`) could not be connected.
    [[nodiscard]] Result<void> start();
    /// Stops inbound traffic, drains, disconnects dependents before their dependencies, unloads.
    StopReport stop();
    /// Brings the library of an instance, as it lies in the plugin's folder now, into service in
    /// place of the running one, for all instances of it. Blocks until the old generation has ended
    /// or could not be ended; one reload at a time. Codes: `reload.in_progress`,
    /// `reload.not_running`, `reload.unknown_instance`, `reload.no_library`, `reload.quarantined`,
    /// `reload.busy`, and whatever kept the new code from running. Every outcome is an event.
    [[nodiscard]] Result<ReloadReport> reload(const ReloadRequest& request);
    /// Brings what runs to another plan and touches only what differs: takes apart what is no
    /// longer planned (drained, disconnected, forgotten; dependents first), registers and connects
    /// what is new (dependencies first), and gives changed instances a new object with the new
    /// configuration by the transaction of a reload, which keeps the old one when that fails. The
    /// routing changes after the new ones are registered and before anything is taken apart, so
    /// that no envelope loses its way. Blocks; excludes reloads. Fails, with nothing changed, with
    /// `reload.in_progress`, `reload.not_running`, or the first problem of the plan; what becomes
    /// of each instance stands in the report.
    [[nodiscard]] Result<ApplyReport> apply(const ApplyRequest& request);
    /// The plans by which the instances run now, dependencies first. Any thread.
    [[nodiscard]] Plan running() const;

    // ---- What an operator does to instances; one at a time, and not beside a reload, whose end
    // they wait for. Any thread; they block. Codes of all: `operation.not_running`,
    // `operation.interrupted` (the host stops), `operation.unknown_instance`. ----

    /// Drains the instance (its own inbound traffic stops, the answers that it waits for come, what
    /// waits for it now is taken and completed; at most `drain_timeout`), disconnects it and keeps
    /// it so: no reconnect, no reload and no dependency connects it. Instances that depend on it,
    /// and are connected or about to be, are disabled before it with `cascade`, dependents first;
    /// else they are named in a failure `operation.dependents`. In the order of disabling.
    [[nodiscard]] Result<std::vector<DisabledInstance>> disable(const std::string& instance,
                                                                bool cascade);
    /// Ends what `disable` and `drain` did to it, connects it when it is not connected, and waits
    /// for the outcome. A dependency that is not connected is enabled before it with `cascade`,
    /// else the failure `operation.dependencies` names it. In the order of enabling.
    [[nodiscard]] Result<std::vector<EnabledInstance>> enable(const std::string& instance,
                                                              bool cascade);
    /// Ends a drain of the host, and enables what is disabled or drained.
    [[nodiscard]] Result<std::vector<EnabledInstance>> enable_all();
    /// Stops the inbound traffic of the instance, or without a name of all, until it is enabled:
    /// its deliverers get FULL for what is no answer. It stays connected, takes and answers on.
    /// Waits until nothing waits for it, nothing is in progress and no answer to it is to come, or
    /// the limit passed, or fails with `operation.enabled` when it was enabled meanwhile. Waits for
    /// no other operation.
    [[nodiscard]] Result<DrainReport> drain(const std::string& instance,
                                            std::chrono::milliseconds limit);
    /// Of the whole host, by `drain` or by `stop`.
    [[nodiscard]] bool is_inbound_stopped() const { return multiplexer_.is_inbound_stopped(); }

    [[nodiscard]] std::vector<QuarantinedLibrary> quarantined() const { return quarantine_.all(); }
    /// Reloads that were tried and did not succeed.
    [[nodiscard]] std::uint64_t failed_reloads() const { return failed_reloads_.load(); }
    /// Libraries of former generations that are still mapped.
    [[nodiscard]] std::uint64_t kept_libraries() const { return kept_libraries_.load(); }

    /// Ends the draining of a `stop` in progress, from any thread.
    void hurry() { hurry_.store(true); }

    // Any thread.
    [[nodiscard]] std::vector<InstanceStatus> status() const;
    /// Null when there is no such instance.
    [[nodiscard]] std::shared_ptr<Instance> find(std::string_view name) const;
    /// Metrics that the plugins registered, by instance.
    [[nodiscard]] std::map<std::string, std::vector<MetricValue>> metrics() const;

    [[nodiscard]] Scheduler& scheduler() { return scheduler_; }

  private:
    struct Member {
        std::shared_ptr<Instance> instance;
        std::uint32_t level = 0;
        /// Not connected because a dependency is not; guarded by `mutex_`.
        bool waiting = false;
    };

    ConnectionHost(multiplexer::Multiplexer& multiplexer, const multiplexer::Clock& clock,
                   events::EventSink& events, KeyValueStore* key_value,
                   ConnectionHostOptions options);

    void on_state(Instance& instance, const StateChange& change) override;
    void on_failure(Instance& instance, FailureKind kind, const Error& error) override;

    /// New configurations of running instances, by name.
    using PlanChanges = std::map<std::string, PlanChange, std::less<>>;

    Result<void> add_members(const Plan& plan);
    Result<void> load_members();
    /// `probe`: a library that does not run yet is tried before.
    Result<void> load(Instance& instance, bool probe);
    Result<void> connect_level(std::uint32_t level);
    /// Name of a dependency that is not connected; empty when all are.
    [[nodiscard]] std::string missing_dependency(const Instance& instance) const;
    /// All of them, those that hang at the end. Takes mutex_.
    [[nodiscard]] std::vector<std::shared_ptr<Instance>> instances() const;
    /// Does a failed connect of it end the start?
    [[nodiscard]] static bool is_fatal(const Instance& instance);
    /// The members that run the library, in the order of the plan.
    [[nodiscard]] std::vector<Member*> members_of(const std::string& library);
    /// The rest of `reload`, with reload_mutex_ held. `changes` are made on the way: of all
    /// instances when the library has changed, else of the named one alone, in which case the
    /// generation stays what it is.
    Result<ReloadReport> reload_library(const InstancePlan& plan, const ReloadRequest& request,
                                        const PlanChanges& changes);
    struct NextGeneration {
        Result<std::shared_ptr<PluginGeneration>> generation;
        /// How far it came, and of which bytes; empty when that is not known.
        ReloadStep step = ReloadStep::check;
        std::string sha256{};
        std::uint64_t probe_time = 0;
    };
    NextGeneration load_next(const InstancePlan& plan, bool retry, const PlanChanges& changes);
    /// Tries a copy of the library, if that is wanted, with all instances that are to run it.
    [[nodiscard]] Library::Check probe_of(const std::string& library, const PlanChanges& changes);
    /// Connects what has new code and is not connected; why it could not be.
    std::optional<Error> connect_again(Member& member);
    /// Lets the old generation end its work and watches the new one; why it failed.
    std::optional<Error> watch_over(ReloadReport& report, std::uint64_t swapped,
                                    const std::vector<Member*>& members);
    /// Puts the old generation back; the error, with what did not go back.
    Error swap_back(const ReloadReport& report, std::shared_ptr<PluginGeneration> next,
                    const std::vector<Member*>& members, Error error);
    void finish(ReloadReport& report, std::shared_ptr<PluginGeneration> next,
                const std::vector<Member*>& members, std::uint64_t swapped);
    Error reload_failed(const InstancePlan& plan, ReloadStep step, const std::string& sha256,
                        Error error);
    void stop_members(StopReport& report);

    // The steps of `apply`; reload_mutex_ is held.
    class Application;
    /// What the plan's dependencies are bound to among the members.
    [[nodiscard]] std::vector<Dependency> dependencies_of(const InstancePlan& plan) const;
    /// After members came or went: the order of the plan, the levels, the names.
    void arrange_members(const Plan& plan);
    void index_members();
    /// Lets generations go that no member runs any more.
    void drop_unused_generations();
    // Of the operations.
    /// Null: there is none of that name.
    [[nodiscard]] Member* member(const std::string& name);
    /// What stands against an operation.
    [[nodiscard]] std::optional<Error> not_running() const;
    /// Those that depend on it, directly or not, and are not at rest.
    [[nodiscard]] std::vector<Member*> active_dependents(const Member& member);
    /// Those that it depends on, directly or not, and that are not connected.
    [[nodiscard]] std::vector<Member*> missing_dependencies(const Member& member);
    Result<DisabledInstance> disable_one(Member& member);
    EnabledInstance enable_one(Member& member);
    /// Until nothing is left of what the instance had to do; false: the deadline passed.
    bool finish_work(Instance& instance, std::uint64_t deadline);
    /// False: the deadline passed, or the host stops.
    bool wait_until(std::uint64_t deadline, const std::function<bool()>& condition) const;
    /// Connects those whose dependencies have come up. With mutex_ held.
    void connect_waiting();
    void tick();
    void publish(events::Level level, const Instance& instance, const char* code, std::string text);

    multiplexer::Multiplexer& multiplexer_;
    const multiplexer::Clock& clock_;
    events::EventSink& events_;
    ConnectionHostOptions options_;
    std::shared_ptr<RunFolder> runs_;
    Scheduler scheduler_;
    CallRouter calls_;
    HostServices services_;

    /// In the order of the plan. Members come and go in `apply` alone, which holds reload_mutex_
    /// and, while it changes these three, mutex_ too: whoever holds one of the two may look.
    std::vector<Member> members_;
    std::map<std::string, std::size_t, std::less<>> by_name_;
    /// Removed, but code of them still runs.
    std::vector<std::shared_ptr<Instance>> hung_;
    /// By library; changed by `start`, `stop` and `reload` alone.
    std::map<std::string, std::shared_ptr<PluginGeneration>> generations_;
    /// Generations that were begun, by library.
    std::map<std::string, std::uint32_t> generation_numbers_;
    Quarantine quarantine_;
    std::atomic<std::uint64_t> failed_reloads_{0};
    std::atomic<std::uint64_t> kept_libraries_{0};
    /// Held by a reload or an `apply` for all of its steps, and by `stop` while it takes everything
    /// apart. Locked before mutex_.
    std::mutex reload_mutex_;

    /// Never held across calls into plugins, nor across waits. The locks of instances come after
    /// it.
    mutable std::mutex mutex_;
    bool started_ = false;
    /// Those whose first connect `apply` answers for: the policies hear of later failures only.
    std::set<std::string, std::less<>> first_connects_;
    bool starting_ = false;
    bool stop_requested_ = false;
    bool stopped_ = false;
    TaskId tick_ = 0;
    std::atomic<bool> hurry_{false};
};

}  // namespace patchbay::plugins
