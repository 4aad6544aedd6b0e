// SPDX-License-Identifier: Apache-2.0
/// \file
/// Envelopes that come for agents, by their address or by an inbound route: each becomes a message
/// for its agent, and the agent's answer becomes the answer to the envelope. A request of a
/// protocol that wants one (an HTTP request) is done only when its answer was delivered; others are
/// done when they are handed over, and may be answered for a while.
#pragma once

#include "agent_socket.hpp"
#include "frames/agent_message.hpp"
#include "waiting_answers.hpp"

#include <patchbay/envelope.hpp>
#include <patchbay/envelope_exchange.hpp>
#include <patchbay/protocols/message.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::agent_gateway {

class GatewayLane;

/// [lane]
class Inbound final : public WaitingAnswers::Owner {
  public:
    explicit Inbound(GatewayLane& lane);
    Inbound(const Inbound&) = delete;
    Inbound& operator=(const Inbound&) = delete;
    ~Inbound();

    void take(const TakenEnvelope& envelope);
    /// The host does not want that envelope any more.
    void cancel(std::uint64_t token);
    /// Another agent's envelope as a message; nothing waits for an answer.
    Sent tell(AgentSocket& receiver, const EnvelopeView& envelope);

    /// Whether `id` is one that this class gave, so that a message that names it is an answer.
    [[nodiscard]] bool is_waiting_id(std::string_view id) const noexcept;
    /// The message answers the envelope that its `in_reply_to` names.
    void answer(AgentSocket& socket, const AgentMessage& message);
    /// The same for an envelope, whose dialogue tells what it answers; false when it answers none.
    bool answer(AgentSocket& socket, const EnvelopeView& envelope);

    /// Whatever waits for that agent's answer waits in vain.
    void agent_left(AgentSocket& socket) noexcept;
    /// Nobody is to wait any more.
    void give_up() noexcept;

  private:
    void on_waiting_time_up(Waiting& waiting) noexcept override;
    void take_message(AgentSocket& receiver, const TakenEnvelope& envelope);
    void take_other(AgentSocket& receiver, const TakenEnvelope& envelope);
    void fail(std::uint64_t token, std::string code, std::string text);
    /// Null when it is a request too many.
    Waiting* remember(AgentSocket& receiver, const TakenEnvelope& envelope,
                      const std::optional<protocols::MessageView>& header, bool is_request);
    void trim_frame() noexcept;
    bool deliver_answer(AgentSocket& socket, Waiting& waiting, const EnvelopeView& content);
    /// Ends the wait; a token that is left fails with that code.
    void forget(Waiting& waiting, std::string_view code, std::string_view text) noexcept;

    GatewayLane& lane_;
    WaitingAnswers waiting_;
    std::string frame_;  ///< is written into again and again
    std::string id_;     ///< so is this
};

}  // namespace patchbay::agent_gateway
