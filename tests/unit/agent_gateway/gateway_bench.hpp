// SPDX-License-Identifier: Apache-2.0
/// \file
/// An agent_gateway that is run by the host double, and agents that attach to it.
#pragma once

#include "identity_double.hpp"
#include "websocket/frame.hpp"

#include <patchbay/net/stream.hpp>
#include <patchbay/testing/host_double.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::agent_gateway::test {

using Json = nlohmann::json;

/// A frame that the gateway sent. A socket that ended without a close frame gives code 0.
struct Received {
    websocket::Opcode opcode = websocket::Opcode::close;
    std::string payload{};
    bool compressed = false;

    [[nodiscard]] std::uint16_t close_code() const;
};

/// One agent's socket. Waits end with an exception after a while: only a test that fails gets
/// there.
class AgentClient {
  public:
    /// Connects, and does the handshake unless there is none.
    AgentClient(std::uint16_t port, std::string_view more_headers = {}, bool handshake = true);

    void send_raw(std::string_view bytes);
    void send(const Json& frame);
    void send_text(std::string_view text);
    void send_binary(std::string_view bytes);
    [[nodiscard]] Received receive();
    /// The next frame, which must be text, as JSON.
    [[nodiscard]] Json receive_json();
    [[nodiscard]] Json ask(const Json& frame);
    /// The whole answer to a request without an upgrade.
    [[nodiscard]] std::string receive_all();
    /// Registers and expects success.
    void register_as(const std::string& id, const Json& more = Json::object());
    /// Nothing has come, and nothing comes before the answer to a ping.
    [[nodiscard]] bool is_quiet();
    void end();
    /// Ends the connection with a reset.
    void reset();
    [[nodiscard]] const std::string& handshake() const { return handshake_; }

  private:
    [[nodiscard]] bool read_more();

    net::Stream stream_;
    std::string received_;
    std::string handshake_;
};

class GatewayBench {
  public:
    static constexpr std::string_view component_id = "patchbay/agent_gateway:0.1.0";

    explicit GatewayBench(const Json& config = Json::object(), bool openagents_05 = false,
                          std::uint32_t lanes = 1);

    [[nodiscard]] testing::HostDouble& host() { return host_; }
    [[nodiscard]] IdentityDouble& identity() { return identity_; }
    [[nodiscard]] std::uint16_t port() const { return host_.listeners().at(0).port; }
    [[nodiscard]] AgentClient client(std::string_view more_headers = {}) const {
        return AgentClient(port(), more_headers);
    }
    /// A client that is registered.
    [[nodiscard]] AgentClient agent(const std::string& id) const;
    /// Lets the gateway's clock go on, and waits until it has seen that.
    void advance(std::chrono::nanoseconds time);
    void wait_for_metric(const std::string& name, std::int64_t value) const;
    /// Somebody has asked to be registered as that agent.
    void wait_until_asked(const std::string& id) const;
    /// The agent has, or has not, a session.
    void wait_for_session(const std::string& id, bool wanted) const;

  private:
    IdentityDouble identity_;
    testing::HostDouble host_;
};

/// A whole direct message.
[[nodiscard]] Json direct(const std::string& from, const std::string& to, const Json& content);
[[nodiscard]] Json request(const std::string& command, const Json& more = Json::object());

}  // namespace patchbay::agent_gateway::test
