// SPDX-License-Identifier: Apache-2.0
/// \file
/// What agents say to others: to agents on this lane directly, to all others by an envelope. What
/// an agent may reach beside agents is what `may_address` lists; whatever is not delivered is told
/// to its sender.
#pragma once

#include "agent_socket.hpp"
#include "frames/agent_message.hpp"
#include "frames/client_frame.hpp"

#include <patchbay/abi.h>
#include <patchbay/envelope.hpp>
#include <patchbay/openssl_nonces.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::agent_gateway {

class GatewayLane;

/// An envelope to be delivered with the others of this turn.
struct Outgoing {
    EnvelopeView content;
    patchbay_origin reply_to{};
    /// Token of the taken envelope that it answers: it is completed with what becomes of this.
    std::uint64_t parent = 0;
    std::uint32_t hops = 0;
    /// Who is told when it cannot be delivered, and of which message; 0 = nobody.
    std::uint64_t connection = 0;
    std::string_view message_id{};
};

/// [lane]
class Routing {
  public:
    /// Envelopes that are delivered together.
    static constexpr std::size_t batch_bound = 64;

    explicit Routing(GatewayLane& lane);

    /// A message; `text` is the whole frame.
    void on_message(AgentSocket& socket, const ClientFrame& frame, std::string_view text);
    /// Length-delimited envelopes.
    void on_envelopes(AgentSocket& socket, std::string_view bytes);
    /// From another lane of this gateway. `except` and `excluded` are the sender and those whom it
    /// named.
    void broadcast_here(std::string_view frame, std::string_view data, std::string_view except,
                        const std::vector<std::string>& excluded);
    /// Sends a message to an agent's socket, in the form that it speaks.
    Sent hand_over(AgentSocket& receiver, std::string_view frame, std::string_view data,
                   std::string_view sender);

    /// Copies it into a block of the host's; false without memory.
    bool add(const Outgoing& envelope);
    [[nodiscard]] bool has_batch() const noexcept { return !batch_.empty(); }
    void deliver();
    /// Adds what happened often to the counters.
    void count();

    void refuse_message(AgentSocket& socket, std::string_view message_id, std::string_view code,
                        std::string_view text);
    [[nodiscard]] std::string new_message_id();
    [[nodiscard]] NonceSource& nonces() noexcept { return nonces_; }

  private:
    struct Owner {
        std::uint64_t connection = 0;
        std::size_t id_begin = 0;  ///< of the message's id in `owner_ids_`
        std::size_t id_size = 0;
        std::uint64_t parent = 0;
    };

    void send_direct(AgentSocket& socket, const ClientFrame& frame, const AgentMessage& message,
                     std::string_view text);
    void send_to_component(AgentSocket& socket, const AgentMessage& message);
    void send_elsewhere(AgentSocket& socket, const AgentMessage& message);
    void broadcast(AgentSocket& socket, const ClientFrame& frame, const AgentMessage& message,
                   std::string_view text);
    void on_envelope(AgentSocket& socket, const EnvelopeView& envelope, std::string_view encoded);
    [[nodiscard]] bool may_address(std::string_view name) const;
    [[nodiscard]] bool is_known_elsewhere(AgentSocket& socket, std::string_view target,
                                          std::string_view message_id);
    /// The message's JSON object, with what it lacks.
    [[nodiscard]] std::string data_of(const AgentMessage& message);
    void refused_delivery(const Owner& owner, const patchbay_delivery* result);

    GatewayLane& lane_;
    OpensslNonces nonces_;
    std::vector<patchbay_envelope> batch_;
    std::vector<Owner> owners_;
    std::string owner_ids_;
    std::vector<patchbay_delivery> results_;
    std::uint64_t new_messages_ = 0;
    std::uint64_t new_deliveries_ = 0;
    std::uint64_t new_envelopes_ = 0;
};

}  // namespace patchbay::agent_gateway
