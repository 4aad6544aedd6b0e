// SPDX-License-Identifier: Apache-2.0
/// \file
/// Envelopes that come for agents, by their address or by an inbound route: each becomes a message
/// for its agent, and the agent's answer becomes the answer to the envelope. A request of a
/// protocol that wants one (an HTTP request) is done only when its answer was delivered; others are
/// done when they are handed over, and may be answered for a while.
#pragma once

#include "agent_socket.hpp"
#include "frames/agent_message.hpp"

#include <patchbay/envelope.hpp>
#include <patchbay/envelope_exchange.hpp>
#include <patchbay/net/deadlines.hpp>
#include <patchbay/protocols/message.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace patchbay::agent_gateway {

class GatewayLane;

/// [lane]
class Inbound {
  public:
    /// Requests of one lane that wait for their answers.
    static constexpr std::size_t waiting_bound = 4096;
    /// Envelopes of one lane that are done and may be answered nevertheless: beyond it, the oldest
    /// is forgotten. They take no place of a request's.
    static constexpr std::size_t answerable_bound = 4096;

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
    /// An envelope that its agent may answer.
    struct Waiting final : public net::Deadline {
        explicit Waiting(Inbound& owner) : inbound(owner) {}
        void on_deadline() noexcept override;

        Inbound& inbound;
        std::list<Waiting>::iterator place{};
        bool is_request = false;      ///< it is done with its answer
        bool is_by_dialogue = false;  ///< its agent speaks envelopes
        std::size_t dialogue_hash = 0;
        std::uint64_t connection = 0;
        std::uint64_t token = 0;  ///< 0: the envelope was completed
        std::string id;
        std::string to;
        std::string sender;
        std::string protocol_id;
        protocols::DialogueHeader header;
        patchbay_origin origin{};
        std::uint32_t hops = 0;
    };

    void take_message(AgentSocket& receiver, const TakenEnvelope& envelope);
    void take_other(AgentSocket& receiver, const TakenEnvelope& envelope);
    void fail(std::uint64_t token, std::string code, std::string text);
    Waiting& remember(AgentSocket& receiver, const TakenEnvelope& envelope,
                      const std::optional<protocols::MessageView>& header, bool is_request);
    /// A new one at the end of its list; of those that are done, perhaps the oldest once more.
    Waiting& new_waiting(bool is_request);
    [[nodiscard]] bool may_wait(const AgentSocket& receiver) const;
    /// What the agent of that connection answers with that envelope; null when nothing.
    [[nodiscard]] Waiting* find_by_dialogue(std::uint64_t connection,
                                            const EnvelopeView& envelope) const;
    void unlink_dialogue(Waiting& waiting) noexcept;
    void trim_frame() noexcept;
    bool deliver_answer(AgentSocket& socket, Waiting& waiting, const EnvelopeView& content);
    /// Ends the wait; a token that is left fails with that code.
    void forget(Waiting& waiting, std::string_view code, std::string_view text) noexcept;

    GatewayLane& lane_;
    std::list<Waiting> waiting_;     ///< requests
    std::list<Waiting> answerable_;  ///< the others, the oldest first
    /// The keys lie in the lists.
    std::unordered_map<std::string_view, Waiting*> by_id_;
    /// By the hash of what `find_by_dialogue` looks for.
    std::unordered_multimap<std::size_t, Waiting*> by_dialogue_;
    std::string frame_;  ///< is written into again and again
    std::string prefix_;
    std::uint64_t ids_ = 0;
};

}  // namespace patchbay::agent_gateway
