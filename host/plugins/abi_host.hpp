// SPDX-License-Identifier: Apache-2.0
/// \file
/// The host's table that one instance gets (abi.h, section 8), its extensions (section 12), and the
/// state behind them. The slots are thin: what moves envelopes goes straight to the multiplexer.
#pragma once

#include "events/event.hpp"
#include "multiplexer/generation.hpp"
#include "multiplexer/lane.hpp"
#include "multiplexer/multiplexer.hpp"
#include "multiplexer/thread_scope.hpp"
#include "plugins/call_router.hpp"
#include "plugins/config_lookup.hpp"
#include "plugins/instance_metrics.hpp"
#include "plugins/key_value_store.hpp"
#include "plugins/plugin_threads.hpp"
#include "plugins/proof_source.hpp"
#include "plugins/scheduler.hpp"
#include "plugins/state_handover.hpp"

#include <patchbay/abi.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

class AbiHost;
class AgentIdentity;
class LaneTimers;
class ListeningSockets;
class ParkedSockets;

/// What all instances of one host share; everything outlives them.
struct HostServices {
    events::EventSink& events;
    const multiplexer::Clock& clock;
    multiplexer::Multiplexer& multiplexer;
    Scheduler& scheduler;
    CallRouter& calls;
    /// Null: the extension patchbay.key_value/1 is not offered.
    KeyValueStore* key_value = nullptr;
    /// Null: the extension patchbay.identity/1 is not offered.
    AgentIdentity* agents = nullptr;
    /// Null: no proofs of representation are to be had.
    ProofSource* proofs = nullptr;
};

/// What a plugin says of its connection. Called on threads of the plugin.
class PluginReports {
  public:
    PluginReports() = default;
    PluginReports(const PluginReports&) = delete;
    PluginReports& operator=(const PluginReports&) = delete;
    virtual ~PluginReports() = default;

    virtual void operation_complete(std::uint64_t token, patchbay_status status,
                                    const patchbay_error* error) noexcept = 0;
    virtual void connection_lost(const patchbay_error* error) noexcept = 0;
    /// It broke a rule of abi.h: a stable code and a sentence.
    virtual void misbehaved(std::string_view code, std::string_view text) noexcept = 0;
};

/// A declared dependency, as the resolver bound it.
struct Dependency {
    std::string public_id;
    std::weak_ptr<CallEndpoint> target;
};

/// What the thunks need to know of a lane; the owner of its multiplexer::Lane.
struct LaneContext {
    AbiHost* host = nullptr;
    std::shared_ptr<LaneTimers> timers;
    /// Set by the lane's thread; null before and after. Compared to tell the thread's role.
    std::atomic<const void*> thread{nullptr};
    /// A lane of the host's loop: `wake` of the plugin was called, as against one of the host.
    std::atomic<bool> woken_by_plugin{false};
    /// A lane of the host's loop that takes nothing until something is completed.
    std::atomic<bool> saturated{false};
    /// Views of what the lane adopted last.
    std::vector<std::string> adopted_states{};
};

/// The end of the ABI of one object of an instance. Lives until its last plugin thread has ended.
class AbiHost {
  public:
    AbiHost(const HostServices& services, std::string instance, const std::string& config_json,
            InstanceMetrics& metrics, ListeningSockets& sockets, ParkedSockets& parked,
            PluginReports& reports);
    AbiHost(const AbiHost&) = delete;
    AbiHost& operator=(const AbiHost&) = delete;
    ~AbiHost() = default;

    /// The plugin's pointer.
    [[nodiscard]] const patchbay_host* table() const { return &table_; }
    void set_abi_version(std::uint32_t version) { table_.abi_version = version; }
    [[nodiscard]] static AbiHost& from(const patchbay_host* host) {
        return *static_cast<AbiHost*>(host->context);
    }

    /// Makes a thread of the plugin known for its life: cheap calls, and a name for its role.
    class ThreadScope {
      public:
        explicit ThreadScope(const AbiHost& host);
        ThreadScope(const ThreadScope&) = delete;
        ThreadScope& operator=(const ThreadScope&) = delete;
        ~ThreadScope();

      private:
        multiplexer::ThreadScope scope_;
        const AbiHost* outer_;
    };
    /// The same for one call on a thread of another instance (dispatch on the deliverer's thread).
    class CallScope {
      public:
        explicit CallScope(const AbiHost& host);
        CallScope(const CallScope&) = delete;
        CallScope& operator=(const CallScope&) = delete;
        ~CallScope();

      private:
        const AbiHost* outer_;
    };
    /// The calling thread runs code of this instance.
    [[nodiscard]] bool is_own_thread() const;
    /// The proofs as of the last connect; never null.
    [[nodiscard]] std::shared_ptr<const std::vector<Proof>> proofs() const;
    void set_proofs(std::vector<Proof> proofs);
    /// Something that is different for every thread.
    [[nodiscard]] static const void* this_thread();

    const HostServices services;
    const std::string instance;
    const ConfigLookup config;
    InstanceMetrics& metrics;
    ListeningSockets& sockets;
    ParkedSockets& parked;
    StateHandover state;
    PluginReports& reports;
    PluginThreads threads;
    /// Set before `create`.
    std::vector<Dependency> dependencies;
    std::weak_ptr<CallParty> self;
    std::uint64_t call_limit = 60'000'000'000;
    /// Generation of the plugin whose code this is.
    std::uint32_t generation_number = 0;
    /// Of the instance's objects, from 1: two of them may be of one generation. For what outlives
    /// them.
    std::uint32_t object_number = 0;
    /// Null until the lanes are there.
    std::atomic<multiplexer::Generation*> generation{nullptr};
    /// Lanes whose `saturated` is set.
    std::atomic<std::uint32_t> saturated_lanes{0};
    /// Keeps this object alive on the threads that the plugin starts.
    std::weak_ptr<void> owner;

  private:
    patchbay_host table_{};
    mutable std::mutex proofs_mutex_;
    std::shared_ptr<const std::vector<Proof>> proofs_ =
        std::make_shared<const std::vector<Proof>>();
};

/// The table of an extension, or null.
[[nodiscard]] const void* find_extension(const AbiHost& host, std::string_view id);
[[nodiscard]] const patchbay_sockets* sockets_extension();
/// Null when there is no identity subsystem, or when it cannot be opened, which is told.
[[nodiscard]] const patchbay_identity* identity_extension(const AbiHost& host);
[[nodiscard]] const patchbay_proofs* proofs_extension();
[[nodiscard]] const patchbay_state* state_extension();

/// The owner's context of a lane.
[[nodiscard]] LaneContext& context_of(patchbay_lane* lane) noexcept;
/// The same, or null, and told, when another thread than the lane's calls.
[[nodiscard]] LaneContext* on_its_thread(patchbay_lane* lane, const char* what) noexcept;

/// Tells that the host itself failed (out of memory, mostly) in a call of the plugin.
void report_exception(const AbiHost& host) noexcept;

/// Runs `function`; what it throws never reaches the plugin.
template <class Function, class Answer>
Answer guarded(AbiHost& host, Answer otherwise, Function&& function) noexcept {
    try {
        return function();
    } catch (...) {
        report_exception(host);
        return otherwise;
    }
}

[[nodiscard]] inline std::string_view view(patchbay_string text) {
    return text.size == 0 ? std::string_view{} : std::string_view(text.data, text.size);
}

[[nodiscard]] inline std::string_view view(patchbay_bytes bytes) {
    return bytes.size == 0
               ? std::string_view{}
               : std::string_view(reinterpret_cast<const char*>(bytes.data), bytes.size);
}

}  // namespace patchbay::plugins
