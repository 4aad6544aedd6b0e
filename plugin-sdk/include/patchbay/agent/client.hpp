// SPDX-License-Identifier: Apache-2.0
/// \file
/// An agent's end of the agent gateway: it attaches, proves who it is, exchanges messages, and
/// comes back after a loss. It also works with OpenAgents' own server of the first identity
/// release.
///
///     agent::Client client("my-agent", {.certificate_file = "my-agent.cert"});
///     client.on_message([&](const agent::Message& message) { ... });
///     auto network = client.connect_to_server("127.0.0.1", 8570);
///     auto certificate = client.claim_agent_id();
///     client.send_direct("other-agent", agent::text_content("hello"));
///
/// Every operation has two faces. The blocking one waits within its time limit; the awaitable one,
/// `async_...`, is a coroutine for any io_context and resumes there. Both are thread-safe. The work
/// is done by one thread of the client, which also calls the handlers: they must return promptly,
/// and use the awaitable face (the blocking one fails there with `agent.would_block`).
///
/// `ping_agent` is answered by the client itself. A lost connection is made again, with growing
/// pauses and the stored certificate. When another connection took the agent's place (close code
/// 4000), the client stops and says so instead of taking it back.
///
/// With a private key (`ClientOptions::private_key_file`) claims are bound to it, and the server's
/// challenges are answered with it; only those in Patchbay's form and about this agent are signed.
///
/// Codes of failures: `agent.not_connected`, `agent.connect_failed`, `agent.connect_time_limit`,
/// `agent.request_time_limit`, `agent.lost`, `agent.queue_full`, `agent.too_many_requests`,
/// `agent.bad_json`, `agent.would_block`, and of refusals by the server: `agent.already_connected`,
/// `agent.already_claimed`, `agent.certificate_refused`, `agent.not_registered`,
/// `agent.key_required`, `agent.key_refused`, `agent.overloaded`, `agent.refused`. Of a private
/// key: `agent.bad_key`, `agent.bad_challenge`, and those of `read_private_file`. The message of a
/// refusal is the server's own text.
#pragma once

#include <patchbay/agent/certificate.hpp>
#include <patchbay/agent/certificate_file.hpp>
#include <patchbay/agent/message.hpp>
#include <patchbay/agent/options.hpp>
#include <patchbay/awaitable.hpp>
#include <patchbay/result.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::agent {

/// What the server says of itself when an agent registers.
struct Network {
    std::string name;
    std::string id;
    /// A JSON object.
    std::string metadata = "{}";
};

struct AgentInfo {
    std::string agent_id;
    std::string name;
    bool connected = false;
    /// A JSON object.
    std::string metadata = "{}";
};

enum class ClientState : std::uint8_t {
    disconnected,
    connecting,
    connected,
    /// Pausing before the next attempt.
    waiting,
};

enum class EventKind : std::uint8_t {
    connected,    ///< also after a loss
    lost,         ///< `error` says why; attempts follow unless `stopped` does
    waiting,      ///< before the next attempt, for `pause`
    replaced,     ///< another connection took the agent's place; no attempts follow
    stopped,      ///< no attempts follow; `error` says why
    renewed,      ///< there is a new certificate
    not_renewed,  ///< `error` says why; it is tried again while the old one lives
    undelivered,  ///< of the message `message_id`; `error` says why
    bad_handler,  ///< an exception left a handler
};

struct Event {
    EventKind kind = EventKind::connected;
    Error error{};
    std::chrono::milliseconds pause{0};
    std::string message_id{};
};

class ClientCore;

class Client {
  public:
    explicit Client(std::string agent_id, ClientOptions options = {});
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    /// Disconnects without waiting for the server's consent, and ends the thread. Not from a
    /// handler.
    ~Client();

    [[nodiscard]] const std::string& agent_id() const noexcept { return agent_id_; }
    [[nodiscard]] ClientState state() const noexcept;
    /// The one in use.
    [[nodiscard]] std::optional<Certificate> certificate() const;

    /// Set before `connect_to_server`.
    void on_message(std::function<void(const Message&)> handler);
    void on_event(std::function<void(const Event&)> handler);

    /// Connects and registers. Fails when it is not disconnected, and when the server refuses.
    Result<Network> connect_to_server(std::string host, std::uint16_t port,
                                      ConnectOptions options = {});
    Awaitable<Result<Network>> async_connect_to_server(std::string host, std::uint16_t port,
                                                       ConnectOptions options);
    /// With the default options. (No default argument: GCC 12 destroys it twice after co_await.)
    Awaitable<Result<Network>> async_connect_to_server(std::string host, std::uint16_t port);

    /// Claims the own id; the certificate is stored before this returns. `force` takes a claim
    /// back, for which the server wants proof: the certificate in use is sent along.
    Result<Certificate> claim_agent_id(bool force = false);
    Awaitable<Result<Certificate>> async_claim_agent_id(bool force = false);

    /// Whether the server holds the certificate for valid. That it does not is no failure.
    Result<bool> validate_certificate(Certificate certificate);
    Awaitable<Result<bool>> async_validate_certificate(Certificate certificate);

    /// A fresh certificate for the claimed id. Patchbay only: OpenAgents' server never answers.
    Result<Certificate> renew_certificate();
    Awaitable<Result<Certificate>> async_renew_certificate();

    /// Gives the claim up and forgets the certificate. Patchbay only.
    Result<void> release_agent_id();
    Awaitable<Result<void>> async_release_agent_id();

    Result<std::vector<AgentInfo>> list_agents();
    Awaitable<Result<std::vector<AgentInfo>>> async_list_agents();

    /// Any command: `fields` is a JSON object with its members, the answer the whole frame.
    Result<std::string> request(std::string command, std::string fields = "{}");
    Awaitable<Result<std::string>> async_request(std::string command, std::string fields = "{}");

    /// `content` is a JSON object. Returns the message's id when the frame is queued. Servers
    /// acknowledge nothing; Patchbay tells what it could not deliver (`EventKind::undelivered`).
    Result<std::string> send_direct(std::string target_id, std::string content);
    Awaitable<Result<std::string>> async_send_direct(std::string target_id, std::string content);
    Result<std::string> send_broadcast(std::string content);
    Awaitable<Result<std::string>> async_send_broadcast(std::string content);

    /// Writes what is queued, closes with 1000, and ends reconnecting. The claim stays.
    void disconnect();
    Awaitable<void> async_disconnect();

  private:
    class Loop;

    std::string agent_id_;
    std::unique_ptr<Loop> loop_;
    std::shared_ptr<ClientCore> core_;
};

}  // namespace patchbay::agent
