// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who the agents of a transport are, and whether they still live (`patchbay.identity/1`): the
/// connection reports sockets and hands over what agents say, the host decides.
///
///     auto identity = AgentIdentity::open(host());
///     identity->register_agent(lane, {.connection = 7, .agent_id = "alice"}, cookie);
///     // later: Connection::on_identity_answer(lane, answer) with that cookie
///
/// abi.h is the specification of every function here. Requests with a `cookie` are answered on
/// their lane with `Connection::on_identity_answer`, unless they fail at once: then the failure is
/// returned and nothing follows. Its codes are `identity.too_many_requests` (class overloaded) and
/// `identity.request_refused`.
#pragma once

#include <patchbay/agent_events.hpp>
#include <patchbay/host.hpp>
#include <patchbay/lane.hpp>
#include <patchbay/result.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay {

/// The host's rules; valid as long as the Host.
struct IdentitySettings {
    std::string_view network_name{};
    std::string_view network_id{};
    std::chrono::nanoseconds heartbeat_interval{};
    std::chrono::nanoseconds agent_timeout{};
    std::chrono::nanoseconds ping_timeout{};
    std::chrono::nanoseconds certificate_lifetime{};
    /// `compatibility: openagents-0.5`: agents are trusted as upstream trusts them.
    bool is_openagents_05 = false;
};

/// A request for a session. Views must live until `register_agent` returns.
struct AgentRegistration {
    /// The connection's own number for the socket, different for every socket it ever had.
    std::uint64_t connection = 0;
    std::string_view agent_id{};
    /// What others learn about the agent: a JSON object; empty = {}.
    std::string_view metadata{};
    /// The certificate as the agent sent it, a JSON object; empty = none.
    std::string_view certificate{};
    /// Answer to the challenge of an earlier refusal, a JSON object; empty = none.
    std::string_view proof{};
    /// "ADDRESS:PORT"
    std::string_view remote{};
    /// For people: "websocket", "websocket+tls".
    std::string_view transport{};
    /// `force_reconnect`
    bool force = false;
};

/// A request for the ownership of an id. Views must live until `claim` returns.
struct AgentClaim {
    /// 0 = not registered: refused unless `is_openagents_05`.
    std::uint64_t session = 0;
    std::string_view agent_id{};
    /// Proof of ownership for a forced claim; empty = that of the session.
    std::string_view certificate{};
    /// One-time token; empty = none.
    std::string_view token{};
    /// Ed25519 key to be bound to the claim, 32 bytes; empty = none.
    std::string_view public_key{};
    std::string_view remote{};
    bool force = false;
};

/// What is known of an agent id.
struct KnownAgent {
    bool is_online = false;
    bool is_claimed = false;
    /// 0 unless it is registered.
    std::uint64_t session = 0;
    std::uint64_t connection = 0;
    /// Lane of this instance that registered it; nothing when another instance did.
    std::optional<std::uint32_t> lane{};
};

/// Cheap to copy; valid as long as the Host. [any-thread] [no-block]
class AgentIdentity {
  public:
    /// Fails with `host.no_extension` in a host that has no identity subsystem.
    [[nodiscard]] static Result<AgentIdentity> open(const Host& host);

    [[nodiscard]] IdentitySettings settings() const;

    /// `value` of the answer is the session, whose pings and end `lane` hears of.
    Result<void> register_agent(Lane& lane, const AgentRegistration& registration,
                                std::uint64_t cookie) const;
    /// The socket closed.
    void unregister(std::uint64_t session) const noexcept { table_->unregister(host_, session); }
    /// Something arrived from the agent. Costs some ten nanoseconds.
    void touch(std::uint64_t session) const noexcept { table_->touch(host_, session); }
    /// The agent answered the ping with that value.
    void pong(std::uint64_t session, std::uint64_t value, bool success) const noexcept {
        table_->pong(host_, session, value, success);
    }

    /// The payload of the answer has `certificate`.
    Result<void> claim(Lane& lane, const AgentClaim& claim, std::uint64_t cookie) const;
    /// A fresh certificate. `void_earlier`: all earlier ones are void at once.
    Result<void> renew(Lane& lane, std::uint64_t session, bool void_earlier,
                       std::uint64_t cookie) const;
    /// The owner gives its claim up.
    Result<void> release(Lane& lane, std::uint64_t session, std::uint64_t cookie) const;
    /// `value` of the answer is 1 for a valid certificate.
    Result<void> validate(Lane& lane, std::string_view certificate, std::string_view remote,
                          std::uint64_t cookie) const;

    /// Nothing when that id is neither registered nor claimed.
    [[nodiscard]] std::optional<KnownAgent> lookup(std::string_view agent_id) const;
    /// A page of at most `limit` (0 = 1,000, the most) registered agents whose ids follow `after`,
    /// as a JSON array. Fails with `identity.no_memory`.
    [[nodiscard]] Result<std::string> list(std::string_view after = {},
                                           std::uint32_t limit = 0) const;
    /// `on_agent_changed` on `lane` from now on, or no longer.
    Result<void> subscribe(Lane& lane, bool wanted) const;
    /// The session's socket was adopted from an earlier generation: `lane` serves it from now on,
    /// as `connection`. Fails when the session has ended, or the host is older.
    Result<void> move(Lane& lane, std::uint64_t session, std::uint64_t connection) const;

  private:
    AgentIdentity(const patchbay_host* host, const patchbay_identity* table)
        : host_(host), table_(table) {}

    const patchbay_host* host_;
    const patchbay_identity* table_;
};

}  // namespace patchbay
