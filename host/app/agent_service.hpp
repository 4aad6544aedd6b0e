// SPDX-License-Identifier: Apache-2.0
/// \file
/// Brings the identity subsystem to the plugins: opens claims and registrations from the host's
/// configuration when the first one asks for them, lets their clock run, and turns what they say
/// into signals of lanes. A host without agents has none of its files.
#pragma once

#include "config/host_configuration.hpp"
#include "events/event.hpp"
#include "identity/claims.hpp"
#include "identity/registrations.hpp"
#include "identity/transports.hpp"
#include "multiplexer/agent_directory.hpp"
#include "multiplexer/clock.hpp"
#include "plugins/agent_identity.hpp"
#include "plugins/scheduler.hpp"

#include <patchbay/result.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::app {

class AgentService final : public plugins::AgentIdentity, private identity::Transports {
  public:
    /// The references outlive it.
    AgentService(const config::HostConfiguration& configuration,
                 multiplexer::AgentDirectory& directory, events::EventSink& events,
                 const multiplexer::Clock& clock);
    ~AgentService() override;

    /// Lets the registrations' clock run on that scheduler, which ends before this object.
    void run_on(plugins::Scheduler& scheduler);

    /// Null until a plugin asked for them, or `open` was called.
    [[nodiscard]] identity::Claims* claims() const noexcept {
        return is_open_.load(std::memory_order_acquire) ? claims_.get() : nullptr;
    }
    [[nodiscard]] identity::Registrations* registrations() const noexcept {
        return is_open_.load(std::memory_order_acquire) ? registrations_.get() : nullptr;
    }
    [[nodiscard]] const std::string& network_id() const noexcept { return network_id_; }

    // plugins::AgentIdentity
    [[nodiscard]] Result<void> open() override;
    [[nodiscard]] plugins::AgentLanes& lanes() noexcept override { return lanes_; }
    void end_generation(std::uint32_t instance, std::uint32_t generation) override;
    [[nodiscard]] plugins::AgentIdentitySettings settings() const override;
    Result<void> register_agent(const plugins::AgentLane& lane,
                                const plugins::AgentRegistration& wanted,
                                std::uint64_t cookie) override;
    void unregister(std::uint64_t session) override;
    Result<void> move(const plugins::AgentLane& lane, std::uint64_t session,
                      std::uint64_t connection) override;
    void touch(std::uint64_t session) noexcept override { registrations_->touch(session); }
    void pong(std::uint64_t session, std::uint64_t value, bool success) override;
    Result<void> claim(const plugins::AgentLane& lane, const plugins::AgentClaim& wanted,
                       std::uint64_t cookie) override;
    Result<void> renew(const plugins::AgentLane& lane, std::uint64_t session, bool void_earlier,
                       std::uint64_t cookie) override;
    Result<void> release(const plugins::AgentLane& lane, std::uint64_t session,
                         std::uint64_t cookie) override;
    Result<void> validate(const plugins::AgentLane& lane, std::string_view certificate,
                          std::string_view remote, std::uint64_t cookie) override;
    [[nodiscard]] std::optional<plugins::KnownAgent> lookup(
        std::string_view agent_id) const override;
    [[nodiscard]] std::string list(std::string_view after, std::uint32_t limit) const override;
    Result<void> subscribe(const plugins::AgentLane& lane, bool wanted) override;

  private:
    // identity::Transports
    void answer(const identity::TransportLane& lane, std::uint64_t cookie,
                const identity::Answer& answer) override;
    void ping(const identity::TransportLane& lane, std::uint64_t connection,
              std::uint64_t value) override;
    void end(const identity::TransportLane& lane, std::uint64_t connection,
             identity::SessionEnd reason, std::string_view agent_id,
             std::string_view text) override;
    bool changed(const identity::TransportLane& lane, identity::AgentChange change,
                 std::string_view agent_id, std::string_view agent, std::uint64_t missed) override;
    [[nodiscard]] bool is_live(const identity::TransportLane& lane) const noexcept override;

    Result<void> open_files();
    Result<std::string> network_id_of(const std::string& path) const;
    void tick_later();

    const config::HostConfiguration& configuration_;
    multiplexer::AgentDirectory& directory_;
    events::EventSink& events_;
    const multiplexer::Clock& clock_;
    plugins::AgentLanes lanes_;
    std::atomic<bool> is_open_{false};
    std::mutex opening_;
    std::string network_id_;
    plugins::Scheduler* scheduler_ = nullptr;
    std::unique_ptr<identity::Claims> claims_;
    std::unique_ptr<identity::Registrations> registrations_;
};

}  // namespace patchbay::app
