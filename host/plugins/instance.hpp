// SPDX-License-Identifier: Apache-2.0
/// \file
/// A named instance of a connection class: its states, its time limits, its reconnects, and the
/// code of a plugin generation that runs it. The host decides every change of state; the plugin
/// only says how an operation ended or that the connection was lost.
///
/// A connect that hangs is given up at its time limit: the instance is disconnected, the lane's
/// thread stays where it is, and nothing more is asked of it until it answers. A thread that does
/// not even end at `stop` is told by name, and its library stays mapped.
///
/// A reload gives it the code of a next generation, in steps that `ConnectionHost::reload` takes:
/// `prepare` and `swap`, or `discard` instead; then `drain_retired` and `wait_probation`; then
/// `retire`, after `swap_back` when the new code failed. Between them the instance works on.
/// A change of its configuration takes the same steps with a new plan.
#pragma once

#include "multiplexer/instance.hpp"
#include "plugins/abi_host.hpp"
#include "plugins/call_router.hpp"
#include "plugins/connection_state.hpp"
#include "plugins/held_calls.hpp"
#include "plugins/instance_status.hpp"
#include "plugins/listening_sockets.hpp"
#include "plugins/parked_sockets.hpp"
#include "plugins/plan.hpp"
#include "plugins/plugin_generation.hpp"
#include "plugins/plugin_object.hpp"

#include <patchbay/result.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace patchbay::plugins {

class Instance;

/// What went wrong, in the words of the policies.
enum class FailureKind : std::uint8_t { connect, receive, send };

[[nodiscard]] std::string_view to_string(FailureKind kind);

/// Whoever runs the instances. Called on the scheduler's thread, in order; must not block.
class InstanceListener {
  public:
    InstanceListener() = default;
    InstanceListener(const InstanceListener&) = delete;
    InstanceListener& operator=(const InstanceListener&) = delete;
    virtual ~InstanceListener() = default;

    virtual void on_state(Instance& instance, const StateChange& change) = 0;
    /// A failure that no further reconnect will mend (or a failed send): the policy decides.
    virtual void on_failure(Instance& instance, FailureKind kind, const Error& error) = 0;
};

/// Another plan for an instance. Name, ids, class and `is_abstract` are those that it has.
struct PlanChange {
    std::shared_ptr<const InstancePlan> plan;
    std::vector<Dependency> dependencies;
};

/// How a new generation does.
struct Probation {
    bool over = true;
    /// Why it has to give way to the old one.
    std::optional<Error> trouble{};
};

/// Owned by shared pointers: threads of the plugin that do not end keep it alive. Thread-safe,
/// except that `load`, `stop` and the steps of a reload are called by one thread at a time.
class Instance final : public std::enable_shared_from_this<Instance>,
                       public CallEndpoint,
                       private ObjectReports,
                       private multiplexer::InstanceObserver {
  public:
    /// Registers the instance with the multiplexer, where it is expected to connect. `data_folder`
    /// is absolute; it is created when the plugin is loaded. The listener outlives the instance's
    /// work (until `stop` returned).
    [[nodiscard]] static Result<std::shared_ptr<Instance>> add(const InstancePlan& plan,
                                                               const HostServices& services,
                                                               std::string data_folder,
                                                               InstanceListener& listener);
    ~Instance() override;

    /// Before `load`.
    void set_dependencies(std::vector<Dependency> dependencies);
    /// Creates the plugin's object and starts the lanes. The generation is kept until `stop`.
    [[nodiscard]] Result<void> load(std::shared_ptr<PluginGeneration> generation);
    /// For an abstract instance without a library: connects and disconnects by itself.
    void load_nothing();
    /// It will not run: the reason is told by `status`, its mail becomes dead letters.
    void set_failed(Error error);

    /// Begins to connect. Fails when it is not disconnected, not loaded, or its lane hangs.
    [[nodiscard]] Result<void> connect();
    /// Waits until the attempt in progress has ended; OK when it is connected then.
    [[nodiscard]] Result<void> wait_connected();
    /// The same, also through the reconnects that are left (not for ever).
    [[nodiscard]] Result<void> wait_settled();
    /// Ends the reconnects and begins to disconnect what is connected or connecting.
    void disconnect();
    /// Waits until it is disconnected; bounded by the time limits.
    void wait_disconnected();
    /// Disabled, it disconnects and does not connect (`connect` fails, code `connection.disabled`),
    /// whatever its code or its policy; not disabled, it may.
    void set_disabled(bool disabled);
    /// While it is connected: whether it gets what waits in its mailboxes.
    void set_taking(bool taking);
    /// Whether what it delivers unasked is refused: see multiplexer::Instance.
    void set_inbound_stopped(bool stopped);
    /// Waits for one of the states; false when the limit passed first.
    bool wait(std::initializer_list<ConnectionState> states, std::chrono::nanoseconds limit) const {
        return machine_.wait(states, limit);
    }

    // ---- Reload: one thread at a time, not beside `load` and `stop` ----

    /// Makes the object of a next generation beside the one that runs; when both declare that they
    /// overlap, and the instance is connected, also connects it. A failure leaves nothing of it.
    /// With a change the object is made from its plan, which becomes the instance's at the swap;
    /// the generation may then be the one that runs. `lose_state`: also when it does not continue
    /// the state of the one that runs.
    [[nodiscard]] Result<void> prepare(std::shared_ptr<PluginGeneration> generation,
                                       std::optional<PlanChange> change = std::nullopt,
                                       bool lose_state = false);
    /// A plan of which the plugin needs to know nothing new takes the place of the one it has. Any
    /// thread.
    void change_plan(std::shared_ptr<const InstancePlan> plan);
    /// Puts what was prepared in the place of what runs: at once when it is connected already; else
    /// the old one is disconnected before the new one connects, and connects again when that fails.
    /// What has a state hands it over meanwhile. An instance that is not connected gets the new
    /// code and no reconnect is under way any more: `connect` it. The answer is how long nothing
    /// was taken from the mailboxes, in nanoseconds; after a failure the old generation is in
    /// service, and what was prepared is gone. `probation`: the new one is on probation until
    /// `retire`, if it is connected.
    [[nodiscard]] Result<std::uint64_t> swap(std::chrono::nanoseconds drain_limit, bool probation);
    /// Ends what was prepared.
    void discard();
    /// Lets the old generation complete what it has taken, then disconnects it; not when it may be
    /// `wanted` again meanwhile. The answer is what it did not complete in time.
    std::uint64_t drain_retired(std::chrono::nanoseconds drain_limit,
                                const std::function<bool()>& wanted);
    /// How the new generation does, after a wait of at most `patience`. Its probation is over at
    /// that time of the monotonic clock, or, with a state, when it has completed its first
    /// envelope, because the old state is out of date then.
    [[nodiscard]] Probation probation(std::uint64_t deadline, std::chrono::nanoseconds patience);
    /// Puts the old generation back in service; the one that failed is to be retired then. After a
    /// failure the old generation is gone, and the new one is connected or recovers.
    [[nodiscard]] Result<void> swap_back();
    /// Ends the generation that is not in service. The answer names the threads that still run its
    /// code.
    std::vector<std::string> retire();
    /// Ends the waits of a reload in progress, from any thread; it fails or leaves things behind.
    void interrupt_reload();

    /// Disconnects, ends lanes and threads, destroys the plugin's object, lets the generation go
    /// and forgets the instance in the multiplexer. Afterwards only `status` is of use.
    void stop();

    /// As of now; never null. Name, ids and `is_abstract` are for life.
    [[nodiscard]] std::shared_ptr<const InstancePlan> plan() const;
    [[nodiscard]] const std::string& name() const { return plan_.name; }
    [[nodiscard]] ConnectionState state() const { return machine_.state(); }
    [[nodiscard]] InstanceStatus status() const;
    [[nodiscard]] std::vector<MetricValue> metrics() const { return metrics_.snapshot(); }
    /// Number in the multiplexer.
    [[nodiscard]] std::uint32_t number() const { return number_; }

    [[nodiscard]] std::shared_ptr<CallParty> call_party() override;

  private:
    enum class OperationKind : std::uint8_t { none, connect, disconnect };

    Instance(const InstancePlan& plan, const HostServices& services, std::string data_folder,
             InstanceListener& listener);

    // ObjectReports
    void operation_complete(std::uint64_t token, patchbay_status status,
                            const patchbay_error* error) noexcept override;
    void connection_lost(const PluginObject& object, const patchbay_error* error) noexcept override;
    void misbehaved(const PluginObject& object, std::string_view code,
                    std::string_view text) noexcept override;
    // multiplexer::InstanceObserver
    void on_send_failed(std::uint32_t instance, const multiplexer::SendFailure& failure,
                        std::uint32_t count) override;
    void on_overdue(std::uint32_t instance, std::uint32_t count) override;
    void on_misbehaviour(std::uint32_t instance, std::string_view code,
                         std::string_view text) override;

    [[nodiscard]] std::shared_ptr<PluginObject> object() const;
    [[nodiscard]] Result<std::shared_ptr<PluginObject>> make_object(
        std::shared_ptr<PluginGeneration> generation, std::shared_ptr<const InstancePlan> plan,
        const std::vector<Dependency>& dependencies);
    /// Reads and checks the proofs of representation for the object, which may be null; what stands
    /// against connecting without them. Reads files: not with mutex_ held.
    [[nodiscard]] std::optional<Error> collect_proofs(const std::shared_ptr<PluginObject>& object);
    /// Ends the object in service and those of former generations; false when code still runs.
    bool end_plugin();

    // The steps of `swap` by what the instance is doing, and what they are made of.
    Result<std::uint64_t> swap_beside();
    Result<std::uint64_t> swap_in_turn(std::chrono::nanoseconds drain_limit);
    Result<std::uint64_t> swap_idle();
    /// Calls that came meanwhile go to the object, if it answers any.
    void release_calls(const std::shared_ptr<PluginObject>& object);
    /// The old generation connects again, or counts as lost.
    void resume(const std::shared_ptr<PluginObject>& old);
    /// It was connected all the time, or counts as lost.
    void stay(PluginObject& old);
    /// What stands against a reload because of the state that the objects have.
    [[nodiscard]] static std::optional<Error> check_state(PluginObject& old, PluginObject& next,
                                                          const std::string& name);
    /// The state of the one becomes that of the other, if the swap in progress moves it.
    Result<void> hand_state_over(PluginObject& old, PluginObject& next);
    /// Gives an order to an object that is not (or not only) the one in service, and waits for its
    /// end. `order` has its kind and what goes with it.
    Result<void> operate(PluginObject& object, multiplexer::Signal order,
                         std::chrono::nanoseconds limit);
    Result<void> connect_object(PluginObject& object);
    Result<void> disconnect_object(PluginObject& object);
    /// The same for one that has to go whatever it says; a failure is told.
    void let_go(PluginObject& object);
    /// Waits until the object has completed what it has taken and answered what it was asked; what
    /// is left when the limit passed.
    std::uint64_t wait_completed(const PluginObject& object, std::chrono::nanoseconds limit,
                                 const std::function<bool()>& no_more);
    /// An object of which these threads still run code is kept.
    void keep_hung(const std::shared_ptr<PluginObject>& ended,
                   const std::vector<std::string>& threads);
    /// With mutex_ held: `next_` takes the place of `object_`, which becomes `retired_`.
    void take_over(bool connected);

    // All with mutex_ held.
    void use_plan(std::shared_ptr<const InstancePlan> plan);
    /// `refusal`: why it must not even try.
    Result<void> begin_connect(const std::optional<Error>& refusal);
    void begin_disconnect();
    void begin_operation(OperationKind kind, std::chrono::nanoseconds limit);
    void end_operation();
    void operation_expired(std::uint64_t token);
    void connected();
    void disconnected();
    /// The object in service says that its connection broke.
    void lost(Error error);
    /// After a failed connect or a lost connection: tries again later, or tells the policy.
    void recover(FailureKind kind);
    void set_error(Error error);
    void tell_state(const StateChange& change);
    void tell_failure(FailureKind kind, const Error& error);
    void tell_failed_sends();
    void note_failed_send(Error error, std::uint64_t count);
    // Without it.
    void misbehaved(std::string_view code, std::string_view text) noexcept;
    void publish(events::Level level, std::string code, std::string text);
    void set_traffic(multiplexer::InstanceState state);

    /// What no change of the plan touches.
    struct FixedPlan {
        const std::string name;
        const std::string component_id;
        const std::string class_id;
        const bool is_abstract;
    };
    const FixedPlan plan_;
    const HostServices services_;
    const std::string data_folder_;
    InstanceListener& listener_;
    InstanceMetrics metrics_;
    ListeningSockets sockets_;
    ParkedSockets parked_;
    multiplexer::Instance* traffic_ = nullptr;  // null after `stop`
    std::uint32_t number_ = 0;

    /// Guards `current_plan_` alone; the last to be locked.
    mutable std::mutex plan_mutex_;
    std::shared_ptr<const InstancePlan> current_plan_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    StateMachine machine_;

    std::vector<Dependency> dependencies_;
    std::uint32_t objects_made_ = 0;
    std::shared_ptr<PluginObject> object_;  ///< in service
    /// Of former generations, of which code still runs.
    std::vector<std::shared_ptr<PluginObject>> hung_;

    // Of a reload.
    std::shared_ptr<HeldCalls> held_calls_;  ///< while nobody answers them
    std::shared_ptr<PluginObject> next_;     ///< prepared
    std::optional<std::vector<Dependency>> next_dependencies_;
    std::shared_ptr<PluginObject> retired_;  ///< drains
    bool next_connected_ = false;
    bool retired_connected_ = false;
    std::optional<Error> next_lost_;
    /// The object in service is being replaced; why it lost its connection meanwhile.
    bool swapping_ = false;
    std::optional<Error> old_lost_;
    bool retired_lost_ = false;
    bool moves_state_ = false;
    /// The one in service may still have to give way to the retired one, and why it has to.
    bool wants_probation_ = false;
    bool on_probation_ = false;
    std::optional<Error> trouble_;
    bool interrupted_ = false;
    std::uint64_t reloads_ = 0;
    /// Operation on an object that is not driven by the state machine.
    struct SideOperation {
        std::uint64_t token = 0;
        bool done = false;
        bool expired = false;
        std::optional<Error> error{};
    };
    SideOperation side_;
    /// Tokens of those that nobody waits for any more, the newest last.
    std::vector<std::uint64_t> late_;

    InstancePhase phase_ = InstancePhase::added;
    OperationKind operation_ = OperationKind::none;
    std::uint64_t operation_token_ = 0;
    std::uint64_t next_token_ = 1;
    TaskId operation_limit_ = 0;
    /// Operation that was given up: its late answer is no misbehaviour.
    std::uint64_t given_up_ = 0;
    /// DISCONNECT that passed its time limit and was not answered yet.
    std::uint64_t unanswered_ = 0;
    bool wants_connection_ = false;
    bool disabled_ = false;
    /// Why the disconnect in progress was begun, when a failure did it.
    std::optional<FailureKind> failure_;
    std::uint32_t attempt_ = 0;
    std::uint64_t last_delay_ = 0;
    TaskId reconnect_ = 0;
    std::uint64_t reconnect_at_ = 0;
    std::uint64_t since_ = 0;
    std::uint64_t connected_at_ = 0;
    std::uint64_t connects_ = 0;
    std::optional<Error> last_error_;
    std::uint64_t last_error_at_ = 0;
    std::vector<std::string> hung_threads_;

    /// What the plugin and the multiplexer report in the middle of calls: under a mutex of its own,
    /// and told by the scheduler, so that a report never meets a lock of whoever reports.
    mutable std::mutex reports_mutex_;
    std::uint64_t misbehaviour_ = 0;
    std::uint32_t misbehaviour_told_ = 0;
    std::uint64_t misbehaviour_window_ = 0;
    std::uint64_t failed_sends_ = 0;
    std::optional<Error> send_error_;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace patchbay::plugins
