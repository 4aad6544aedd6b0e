// SPDX-License-Identifier: Apache-2.0
/// \file
/// Registers agents for transports by the rules of registration_rules.hpp, watches over their
/// sessions, and ends them. Together with claims.hpp this is the identity subsystem.
///
/// A new session is complete before the one it takes the place of is ended, and one call decides at
/// a time, so that of two who want an id one gets it and the other is told so. Nobody waits for the
/// socket of somebody else: whoever lost its place is told to close it, and whatever comes from it
/// afterwards has an old number.
///
/// Codes of refusals beside those of claims.hpp:
///
/// | code | class | meaning |
/// | --- | --- | --- |
/// | `identity.already_connected` | failed | somebody lives under that id (upstream's text) |
/// | `identity.certificate_required` | failed | claimed: only with its certificate |
/// | `identity.certificate_refused` | failed | "Certificate validation failed"; the log says why |
/// | `identity.proof_required` | failed | a key is bound to the claim: sign `challenge` |
/// | `identity.already_registered` | invalid | this connection has another id already |
/// | `identity.not_registered` | failed | "Not registered": first register under the id |
/// | `identity.bad_metadata` | invalid | see agent_metadata.hpp |
/// | `identity.too_many_agents` | overloaded | the bound is reached |
/// | `identity.too_many_requests` | overloaded | of one instance in progress |
#pragma once

#include "events/event.hpp"
#include "identity/changes.hpp"
#include "identity/claims.hpp"
#include "identity/heartbeat.hpp"
#include "identity/outbox.hpp"
#include "identity/registration_rules.hpp"
#include "identity/sessions.hpp"
#include "identity/transports.hpp"
#include "multiplexer/agent_directory.hpp"
#include "multiplexer/clock.hpp"

#include <patchbay/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::identity {

struct RegistrationOptions {
    std::string network_name = "patchbay";
    std::string network_id;
    HeartbeatTimes heartbeat;
    /// How long the holder of an unclaimed id may take to give a sign of life.
    std::chrono::nanoseconds ping_timeout = std::chrono::seconds(5);
    /// How long an agent whose socket closed may take to come back before others hear that it left.
    std::chrono::nanoseconds resume_grace = std::chrono::seconds(5);
    bool legacy_force = false;
    bool openagents_05 = false;
    std::uint32_t max_agents = 1'000'000;
    /// Requests of one instance in progress.
    std::uint32_t max_requests = 1'024;
    /// Registrations that wait for one probe.
    std::uint32_t max_waiting = 8;
};

struct RegistrationRequest {
    TransportLane lane{};
    std::uint64_t cookie = 0;
    std::uint64_t connection = 0;
    std::string agent_id;
    std::string metadata{};
    /// As the agent sent them; empty = none.
    std::string certificate{};
    std::string proof{};
    std::string remote{};
    std::string transport{};
    bool force = false;
};

struct SessionClaim {
    TransportLane lane{};
    std::uint64_t cookie = 0;
    SessionNumber session = 0;
    std::string agent_id;
    std::string certificate{};
    std::string token{};
    std::string public_key{};
    std::string remote{};
    bool force = false;
};

/// What is known of an agent id, as a value.
struct AgentState {
    bool online = false;
    bool claimed = false;
    SessionNumber session = 0;
    std::uint64_t connection = 0;
    TransportLane lane{};
};

struct AgentRow {
    std::string agent_id;
    std::string metadata;
    std::string remote;
    std::string transport;
    bool online = false;
    bool claimed = false;
    SessionNumber session = 0;
    std::uint32_t instance = 0;
    /// Nanoseconds since 1970.
    std::uint64_t since = 0;
    std::uint64_t last_seen = 0;

    /// agent_id, name, connected, metadata, claimed, last_seen and transport.
    [[nodiscard]] std::string to_json() const;
};

struct RegistrationStatistics {
    std::uint64_t agents = 0;
    std::uint64_t online = 0;
    std::uint64_t joined = 0;
    std::uint64_t left = 0;
    std::uint64_t lost = 0;
    std::uint64_t replaced = 0;
    std::uint64_t refused = 0;
    std::uint64_t pings = 0;
    std::uint64_t misses = 0;
};

/// Thread-safe; nothing blocks. Requests that return a failure are not answered.
class Registrations final : private HeartbeatSink {
  public:
    /// The references must outlive it, except that `claims` ends before: its destructor still
    /// answers what was asked.
    Registrations(RegistrationOptions options, Claims& claims,
                  multiplexer::AgentDirectory& directory, Transports& transports,
                  events::EventSink& events, const multiplexer::Clock& clock);
    Registrations(const Registrations&) = delete;
    Registrations& operator=(const Registrations&) = delete;
    ~Registrations() override;

    [[nodiscard]] const RegistrationOptions& options() const noexcept { return options_; }

    // ---- For transports ----
    Result<void> register_agent(RegistrationRequest request);
    void unregister(SessionNumber session);
    /// Its socket is served by that lane from now on, another one of the same instance, as
    /// `connection`. Code `identity.no_session`: it has ended.
    Result<void> move(SessionNumber session, const TransportLane& lane, std::uint64_t connection);
    void touch(SessionNumber session) noexcept { heartbeat_.touch(session); }
    void pong(SessionNumber session, std::uint64_t value, bool success);
    Result<void> claim(SessionClaim request);
    Result<void> renew(const TransportLane& lane, std::uint64_t cookie, SessionNumber session,
                       bool void_earlier);
    Result<void> release(const TransportLane& lane, std::uint64_t cookie, SessionNumber session);
    Result<void> validate(const TransportLane& lane, std::uint64_t cookie,
                          std::string_view certificate, std::string_view remote);
    Result<void> subscribe(const TransportLane& lane, bool wanted);
    /// Its lanes have ended: its agents may come back through another generation.
    void end_generation(std::uint32_t instance, std::uint32_t generation);

    [[nodiscard]] std::optional<AgentState> lookup(std::string_view agent_id) const;
    /// Up to `limit` agents in byte order of their ids, which follow `after`; fewer when their
    /// texts would go beyond `bytes`, but at least one.
    [[nodiscard]] std::vector<AgentRow> list(std::string_view after, std::size_t limit,
                                             std::size_t bytes = SIZE_MAX) const;

    // ---- For the operator ----
    /// The row of that agent, if it is registered.
    [[nodiscard]] std::optional<AgentRow> find(std::string_view agent_id) const;
    /// Ends its session; the claim stays. Code `identity.unknown_agent`: it is not registered.
    Result<void> kick(std::string_view agent_id, std::string_view text);
    /// After an operator changed a claim: whoever is registered under the id without owning it is
    /// ended.
    void claim_changed(std::string_view agent_id);
    [[nodiscard]] RegistrationStatistics statistics() const;

    // ---- For whoever runs it ----
    /// To be called each `resolution`.
    void tick();
    [[nodiscard]] std::chrono::nanoseconds resolution() const noexcept {
        return heartbeat_.resolution();
    }

  private:
    using Lock = std::unique_lock<std::shared_mutex>;

    /// A registration that is not decided yet.
    struct Pending {
        RegistrationRequest request;
        CertificateCheck check;
        Proof certificate = Proof::absent;
        Proof key = Proof::absent;
        Error key_error{};
        /// Earlier certificates are void, on the disk.
        bool used = false;
        /// The session that did not answer its probe.
        SessionNumber silent_holder = 0;
    };
    using PendingPointer = std::shared_ptr<Pending>;

    struct Probe {
        std::uint64_t value = 0;
        std::uint64_t deadline = 0;
        std::uint32_t seen = 0;
        std::vector<PendingPointer> waiting;
    };

    // HeartbeatSink, with the lock
    void ping(SessionNumber session, std::uint64_t value, std::uint32_t missed) override;
    void lost(SessionNumber session) override;

    // registrations.cpp; all with the lock unless it says otherwise
    /// Without it. Reads what the agent showed.
    [[nodiscard]] Result<void> examine(Pending& pending);
    /// Without it.
    void settle(PendingPointer pending);
    /// Decides what can be decided, and tells; lets the lock go.
    void work(Lock& lock);
    void decide(const PendingPointer& pending);
    [[nodiscard]] RegistrationFacts facts_of(const Pending& pending, const Session* holder,
                                             const std::optional<ClaimInfo>& claim) const;
    void use_certificate(const PendingPointer& pending);
    void probe(const PendingPointer& pending, const Session& holder);
    void install(const PendingPointer& pending, Session* holder);
    void update(const PendingPointer& pending, Session& session);
    void grant(const Pending& pending, const Session& session, bool resumed);
    void refuse(const Pending& pending, const Error& error, std::string payload = {});
    void refuse(const PendingPointer& pending, RegistrationVerdict verdict);

    // session_ends.cpp; with the lock
    void detach(const Session& session);
    /// Takes it out of the book and tells its transport.
    void end(const Session& session, SessionEnd reason, std::string text);
    void forget(SessionNumber session);
    void close(Session& session);
    void settle_waiting(SessionNumber holder, bool silent);
    void refuse_waiting(SessionNumber holder);
    void end_graces(std::uint64_t now);
    void end_probes(std::uint64_t now);

    // session_requests.cpp
    [[nodiscard]] Result<void> admit(const TransportLane& lane);  // without the lock
    void answer(const TransportLane& lane, std::uint64_t cookie, Answer answer);
    void answer_unlocked(const TransportLane& lane, std::uint64_t cookie, Answer answer);
    [[nodiscard]] Result<OwnerRequest> owner_of(SessionNumber session) const;
    void claimed(const SessionClaim& request, Result<ClaimOutcome> outcome);
    void released(const TransportLane& lane, std::uint64_t cookie, SessionNumber session,
                  const Result<void>& outcome);

    // agent_listing.cpp; with the lock, shared at least
    [[nodiscard]] AgentRow row_of(const Session& session) const;

    // With the lock.
    void tell_change(AgentChange change, const Session& session);
    void publish(events::Level level, const char* subsystem, const char* code, std::string text);
    void audit(std::string action, std::string outcome, std::string_view agent_id,
               std::string_view remote, std::string detail);
    [[nodiscard]] bool wants_debug(const std::string& subsystem) const {
        return events_.wants(events::Level::debug, subsystem);
    }

    const RegistrationOptions options_;
    Claims& claims_;
    multiplexer::AgentDirectory& directory_;
    Transports& transports_;
    events::EventSink& events_;
    const multiplexer::Clock& clock_;

    mutable std::shared_mutex mutex_;
    Heartbeat heartbeat_;
    Sessions sessions_;
    Changes changes_;
    Outbox outbox_;
    std::deque<PendingPointer> ready_;
    std::map<SessionNumber, Probe> probes_;
    /// Oldest first, with the time when they end; may name what has ended already.
    std::deque<std::pair<std::uint64_t, SessionNumber>> probe_ends_;
    std::deque<std::pair<std::uint64_t, SessionNumber>> graces_;
    /// Requests in progress, by instance.
    std::map<std::uint32_t, std::uint32_t> requests_;
    RegistrationStatistics statistics_;
};

}  // namespace patchbay::identity
