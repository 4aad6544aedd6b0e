// SPDX-License-Identifier: Apache-2.0
/// \file
/// A running host: all rooms wired together, without signals and command line. `open` takes what
/// only one host may have (data folder, stores, control socket), `start` runs the plan.
#pragma once

#include "app/agent_service.hpp"
#include "app/data_lock.hpp"
#include "app/host_view.hpp"
#include "app/live_configuration.hpp"
#include "app/proof_service.hpp"
#include "app/reload_service.hpp"
#include "app/work_thread.hpp"
#include "control/registry.hpp"
#include "control/server.hpp"
#include "events/event_hub.hpp"
#include "multiplexer/clock.hpp"
#include "multiplexer/multiplexer.hpp"
#include "plugins/connection_host.hpp"
#include "storage/dead_letter_store.hpp"
#include "storage/state_store.hpp"

#include <patchbay/result.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace patchbay::app {

enum class HostStage : std::uint8_t { starting, running, stopping };

[[nodiscard]] const char* to_string(HostStage stage);

class HostProcess {
  public:
    /// Asked for an end: by the control socket, or by the policy of an instance. Any thread; must
    /// return promptly. `failed`: the process is to end as failed.
    using StopWish = std::function<void(const std::string& reason, bool failed)>;

    /// `hub` outlives the process. Only data folder, stores and control socket are touched.
    [[nodiscard]] static Result<std::unique_ptr<HostProcess>> open(HostView view,
                                                                   std::string configuration_path,
                                                                   events::EventHub& hub,
                                                                   StopWish stop_wish);
    HostProcess(const HostProcess&) = delete;
    HostProcess& operator=(const HostProcess&) = delete;
    ~HostProcess();

    /// Blocks until every instance is connected, has failed, or is being tried again.
    [[nodiscard]] Result<void> start();
    /// Drains and ends everything but the control socket. Blocks; once.
    plugins::StopReport stop();
    /// Ends the draining of `stop`.
    void hurry() { connections_->hurry(); }

    // For the control verbs; any thread.
    [[nodiscard]] HostStage stage() const { return stage_.load(); }
    /// As of now: a change of the configuration makes another one. Never null.
    [[nodiscard]] std::shared_ptr<const HostView> view() const { return configuration_.view(); }
    [[nodiscard]] const std::string& configuration_path() const { return configuration_.path(); }
    [[nodiscard]] const LiveConfiguration& configuration() const { return configuration_; }
    [[nodiscard]] events::EventHub& hub() { return hub_; }
    [[nodiscard]] multiplexer::Multiplexer& multiplexer() { return multiplexer_; }
    [[nodiscard]] plugins::ConnectionHost& connections() { return *connections_; }
    [[nodiscard]] ReloadService& reloads() { return *reloads_; }
    /// Where drains wait, which may take long and must not keep the others from their work.
    [[nodiscard]] WorkThread& drains() { return drains_; }
    [[nodiscard]] AgentService& agents() { return agents_; }
    [[nodiscard]] storage::DeadLetterStore& dead_letters() { return *dead_letters_; }
    [[nodiscard]] const multiplexer::Clock& clock() const { return clock_; }
    [[nodiscard]] std::chrono::system_clock::time_point started_at() const { return started_at_; }
    void wish_stop(const std::string& reason, bool failed) { stop_wish_(reason, failed); }
    /// Held while a verb uses lanes of instances, so that `stop` does not end them meanwhile.
    [[nodiscard]] std::mutex& lanes_in_use() { return lanes_in_use_; }

  private:
    HostProcess(HostView view, std::string configuration_path, events::EventHub& hub,
                StopWish stop_wish, DataLock lock,
                std::unique_ptr<storage::DeadLetterStore> dead_letters);

    Result<void> open_connections();
    Result<void> open_control();

    events::EventHub& hub_;
    LiveConfiguration configuration_;
    /// What it was started with, for those whose settings need a restart.
    const std::shared_ptr<const HostView> view_;
    const StopWish stop_wish_;
    const std::chrono::system_clock::time_point started_at_ = std::chrono::system_clock::now();
    const DataLock lock_;
    const multiplexer::SystemClock clock_;
    std::unique_ptr<storage::DeadLetterStore> dead_letters_;
    storage::StateStore state_store_;
    ProofService proofs_;
    multiplexer::Multiplexer multiplexer_;
    AgentService agents_;
    std::unique_ptr<plugins::ConnectionHost> connections_;
    std::unique_ptr<ReloadService> reloads_;
    WorkThread drains_;
    std::atomic<HostStage> stage_{HostStage::starting};
    std::mutex lanes_in_use_;
    /// Last, so that no request meets a host that is being taken apart.
    std::unique_ptr<control::Server> server_;
};

}  // namespace patchbay::app
