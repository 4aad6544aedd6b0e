// SPDX-License-Identifier: Apache-2.0
/// \file
/// Agents in any language attach over WebSocket. The wire is that of OpenAgents' first identity
/// release; who an agent is, the host decides (patchbay.identity/1).
#pragma once

#include "gateway_lane.hpp"

#include <patchbay/async_connection.hpp>
#include <patchbay/listening_sockets.hpp>

#include <memory>
#include <string>
#include <vector>

namespace patchbay::agent_gateway {

class AgentGatewayConnection final : public Connection {
  public:
    explicit AgentGatewayConnection(Host& host);

    Awaitable<Result<void>> connect() override;
    Awaitable<Result<void>> disconnect() override;
    void on_batch(Lane& lane, std::span<const TakenEnvelope> batch) override;
    void on_cancel(Lane& lane, std::uint64_t token) override;
    void on_timer(Lane& lane, std::uint64_t token) override;
    void on_lane_start(Lane& lane) override;
    void on_lane_stop(Lane& lane) override;
    void on_identity_answer(Lane& lane, const IdentityAnswer& answer) override;
    void on_agent_ping(Lane& lane, std::uint64_t connection, std::uint64_t value) override;
    void on_session_end(Lane& lane, std::uint64_t connection, SessionEnd reason,
                        std::string_view agent_id, std::string_view text) override;
    void on_agent_changed(Lane& lane, AgentChange change, std::string_view agent_id,
                          std::string_view payload, std::uint64_t missed) override;

    /// Requests that wait for their agent's answer are among them.
    std::uint32_t max_in_flight() const override { return 2 * WaitingAnswers::bound; }
    std::uint32_t lane_count() const override { return shared_.options.lanes; }
    bool takes_while_disconnecting() const override { return true; }

  private:
    [[nodiscard]] Result<void> prepare();
    void warn_of_plain_text() const;
    /// Takes over the sockets of an earlier generation, each on the lane where its envelopes wait.
    [[nodiscard]] Awaitable<void> adopt();

    Shared shared_;
    ListeningSockets sockets_;
    std::vector<std::unique_ptr<GatewayLane>> lanes_;
};

}  // namespace patchbay::agent_gateway
