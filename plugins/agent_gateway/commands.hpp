// SPDX-License-Identifier: Apache-2.0
/// \file
/// What agents ask of the gateway itself: `system_request` frames, and the pong. Every request is
/// answered, in order; one that the host has to decide holds up its socket until it has. README.md
/// of this folder is the reference of the commands.
#pragma once

#include "frames/client_frame.hpp"

#include <patchbay/agent_events.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace patchbay::agent_gateway {

class AgentSocket;
class GatewayLane;

/// [lane]
class Commands {
  public:
    explicit Commands(GatewayLane& lane) : lane_(lane) {}

    /// A request or a response; not a message.
    void handle(AgentSocket& socket, const ClientFrame& frame);
    void on_identity_answer(const IdentityAnswer& answer);
    /// Asks the agent for a sign of life.
    static void ping(AgentSocket& socket, std::uint64_t value);

    /// An error for a frame that is no request, or whose request cannot be named.
    static void refuse(AgentSocket& socket, std::string_view command, std::string_view code,
                       std::string_view text, std::string_view more = {});
    [[nodiscard]] static std::string presence_frame(AgentChange change, std::string_view agent_id,
                                                    std::string_view payload, std::uint64_t missed);

  private:
    using Handler = void (Commands::*)(AgentSocket&, const ClientFrame&);
    struct Command {
        std::string_view name;
        Handler handler;
        bool before_registration;
    };
    /// A request that the host decides.
    struct Pending {
        std::uint64_t connection = 0;
        std::string_view command;  ///< static text
        std::string request_id;    ///< JSON, or empty
        std::string agent_id;
        std::uint64_t session = 0;
    };

    [[nodiscard]] static const Command* find(std::string_view name);

    void register_agent(AgentSocket& socket, const ClientFrame& frame);
    void claim(AgentSocket& socket, const ClientFrame& frame);
    void validate(AgentSocket& socket, const ClientFrame& frame);
    void renew(AgentSocket& socket, const ClientFrame& frame);
    void release(AgentSocket& socket, const ClientFrame& frame);
    void ping_agent(AgentSocket& socket, const ClientFrame& frame);
    void list_agents(AgentSocket& socket, const ClientFrame& frame);
    void list_mods(AgentSocket& socket, const ClientFrame& frame);
    void manifest(AgentSocket& socket, const ClientFrame& frame);
    void network_info(AgentSocket& socket, const ClientFrame& frame);
    void subscribe(AgentSocket& socket, const ClientFrame& frame);
    void unsubscribe(AgentSocket& socket, const ClientFrame& frame);

    void pong(AgentSocket& socket, const ClientFrame& frame);
    /// Whether the request names no other agent than the one that is registered here.
    [[nodiscard]] bool speaks_for_itself(AgentSocket& socket, const ClientFrame& frame);
    void answer_registered(AgentSocket& socket, std::string_view request_id,
                           std::string_view payload) const;
    [[nodiscard]] std::size_t count_agents() const;
    void registered(AgentSocket* socket, Pending& pending, const IdentityAnswer& answer);
    /// Remembers the request and holds the socket up; the cookie for the host.
    std::uint64_t wait(AgentSocket& socket, const ClientFrame& frame, std::string_view command,
                       std::string agent_id);
    /// The request could not be put to the host.
    void give_up(AgentSocket& socket, std::uint64_t cookie, std::string_view code,
                 std::string_view text);
    void refuse_request(AgentSocket& socket, const ClientFrame& frame, std::string_view code,
                        std::string_view text);

    GatewayLane& lane_;
    std::unordered_map<std::uint64_t, Pending> pending_;
    std::uint64_t cookies_ = 0;
    /// Agents of the network, counted once in a second at most.
    std::size_t counted_ = 0;
    std::uint32_t counted_at_ = 0;
};

}  // namespace patchbay::agent_gateway
