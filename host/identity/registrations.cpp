// SPDX-License-Identifier: Apache-2.0
#include "identity/registrations.hpp"

#include "identity/agent_id.hpp"
#include "identity/agent_metadata.hpp"
#include "identity/descriptions.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace patchbay::identity {

namespace {

constexpr std::size_t longest_remote = 128;
constexpr std::size_t longest_transport = 32;
constexpr std::uint64_t nanoseconds_in_microsecond = 1'000;

/// Nothing, `null` and `{}` are no certificate, as upstream has it.
bool is_absent(std::string_view json) {
    std::string text;
    for (const char letter : json) {
        if (letter != ' ' && letter != '\t' && letter != '\n' && letter != '\r') {
            text += letter;
            if (text.size() > 4) {
                return false;
            }
        }
    }
    return text.empty() || text == "{}" || text == "null";
}

Error already_connected(bool bad_certificate) {
    return {ErrorClass::failed, "identity.already_connected",
            bad_certificate ? "Agent with this ID is already connected to the network. "
                              "Certificate validation failed."
                            : "Agent with this ID is already connected to the network. Use "
                              "force_reconnect=true or provide valid certificate to override."};
}

Error error_of(RegistrationVerdict verdict, std::string_view agent_id) {
    using enum RegistrationVerdict;
    switch (verdict) {
        case connected:
            return already_connected(false);
        case connected_bad_certificate:
            return already_connected(true);
        case certificate_required:
            return {ErrorClass::failed, "identity.certificate_required",
                    "Agent ID already claimed: register '" + std::string(agent_id) +
                        "' with its certificate. Another agent may own it, or a second instance "
                        "of this one runs without it."};
        case certificate_refused:
            return {ErrorClass::failed, "identity.certificate_refused",
                    "Certificate validation failed"};
        case proof_required:
            return {ErrorClass::failed, "identity.proof_required",
                    "A key is bound to this agent ID: sign the challenge with it"};
        case proof_refused:
            return {ErrorClass::failed, "identity.proof_refused",
                    "The proof does not fit the challenge and the key of this agent ID"};
        case revoked:
            return {ErrorClass::failed, "identity.revoked",
                    "This agent ID was revoked by the operator of the network"};
        case accept:
        case replace:
        case update:
        case probe:
            break;
    }
    return {ErrorClass::failed, "identity.failed", "The registration could not be decided"};
}

}  // namespace

Registrations::Registrations(RegistrationOptions options, Claims& claims,
                             multiplexer::AgentDirectory& directory, Transports& transports,
                             events::EventSink& events, const multiplexer::Clock& clock)
    : options_(std::move(options)),
      claims_(claims),
      directory_(directory),
      transports_(transports),
      events_(events),
      clock_(clock),
      heartbeat_(options_.heartbeat, options_.max_agents, clock.monotonic(),
                 clock.wall() / nanoseconds_in_microsecond),
      changes_(transports) {}

Registrations::~Registrations() = default;

Result<void> Registrations::register_agent(RegistrationRequest request) {
    if (auto admitted = admit(request.lane); !admitted) {
        return admitted;
    }
    const auto pending = std::make_shared<Pending>();
    pending->request = std::move(request);
    const auto examined = examine(*pending);
    if (!examined) {
        Lock lock(mutex_);
        refuse(*pending, examined.error());
        work(lock);
        return {};
    }
    settle(pending);
    return {};
}

Result<void> Registrations::examine(Pending& pending) {
    RegistrationRequest& request = pending.request;
    request.remote.resize(std::min(request.remote.size(), longest_remote));
    request.transport.resize(std::min(request.transport.size(), longest_transport));
    if (auto checked = check_agent_id(request.agent_id); !checked) {
        return checked;
    }
    auto metadata = clean_metadata(request.metadata);
    if (!metadata) {
        return tl::unexpected<Error>(std::move(metadata.error()));
    }
    request.metadata = std::move(*metadata);
    if (is_absent(request.certificate)) {
        return {};
    }
    if (auto admitted = claims_.admit_validation(request.remote); !admitted) {
        return admitted;
    }
    pending.check = claims_.check(request.certificate, options_.openagents_05
                                                           ? std::string_view()
                                                           : std::string_view(request.agent_id));
    pending.certificate = pending.check.valid() ? Proof::good : Proof::bad;
    if (pending.check.public_key && !is_absent(request.proof)) {
        auto proven =
            claims_.verify_proof(request.agent_id, *pending.check.public_key, request.proof);
        pending.key = proven ? Proof::good : Proof::bad;
        if (!proven) {
            pending.key_error = std::move(proven.error());
        }
    }
    return {};
}

void Registrations::settle(PendingPointer pending) {
    Lock lock(mutex_);
    ready_.push_back(std::move(pending));
    work(lock);
}

void Registrations::work(Lock& lock) {
    while (!ready_.empty()) {
        const PendingPointer pending = std::move(ready_.front());
        ready_.pop_front();
        decide(pending);
    }
    outbox_.send(lock);
}

RegistrationFacts Registrations::facts_of(const Pending& pending, const Session* holder,
                                          const std::optional<ClaimInfo>& claim) const {
    const RegistrationRequest& request = pending.request;
    RegistrationFacts facts;
    if (holder != nullptr) {
        const bool is_same = holder->lane.instance == request.lane.instance &&
                             holder->connection == request.connection;
        facts.holder = !holder->online ? Holder::away
                       : is_same       ? Holder::same_connection
                                       : Holder::connected;
        facts.holder_is_silent = holder->number == pending.silent_holder;
    }
    facts.force = request.force;
    facts.claimed = claim.has_value();
    facts.revoked = claim.has_value() && claim->revoked;
    facts.has_key = claim.has_value() && claim->has_public_key;
    facts.certificate = pending.certificate;
    if (pending.certificate == Proof::good && !options_.openagents_05 && claim.has_value() &&
        claim->claim != pending.check.claim) {
        facts.certificate = Proof::bad;  // it changed hands meanwhile
    }
    facts.key = pending.key;
    facts.legacy_force = options_.legacy_force;
    facts.openagents_05 = options_.openagents_05;
    return facts;
}

void Registrations::decide(const PendingPointer& pending) {
    const RegistrationRequest& request = pending->request;
    Session* holder = sessions_.find(request.agent_id);
    const Session* same_socket = sessions_.find(request.lane.instance, request.connection);
    if (!transports_.is_live(request.lane)) {
        refuse(*pending, {ErrorClass::disconnected, "identity.lane_ended",
                          "The connection that asked has ended."});
        return;
    }
    if (same_socket != nullptr && same_socket != holder) {
        refuse(*pending, {ErrorClass::invalid, "identity.already_registered",
                          "This connection has registered as '" +
                              std::string(same_socket->agent_id()) + "' already"});
        return;
    }
    const std::optional<ClaimInfo> claim = claims_.find(request.agent_id);
    const RegistrationVerdict verdict = judge(facts_of(*pending, holder, claim));
    switch (verdict) {
        case RegistrationVerdict::accept:
        case RegistrationVerdict::replace:
        case RegistrationVerdict::update:
            if (pending->certificate == Proof::good && !pending->used &&
                pending->check.agent_id == request.agent_id) {
                use_certificate(pending);
            } else if (verdict == RegistrationVerdict::update) {
                update(pending, *holder);
            } else {
                install(pending, holder);
            }
            break;
        case RegistrationVerdict::probe:
            probe(pending, *holder);
            break;
        default:
            refuse(pending, verdict);
            break;
    }
}

void Registrations::use_certificate(const PendingPointer& pending) {
    outbox_.add([this, pending] {
        const auto then = [this, pending](const Result<void>& marked) {
            Lock lock(mutex_);
            if (marked) {
                pending->used = true;
                ready_.push_back(pending);
            } else {
                refuse(*pending, marked.error());
            }
            work(lock);
        };
        const auto queued = claims_.mark_used(pending->check, then);
        if (!queued) {
            then(queued);
        }
    });
}

void Registrations::probe(const PendingPointer& pending, const Session& holder) {
    const auto [entry, is_new] = probes_.try_emplace(holder.number);
    Probe& probe = entry->second;
    if (!is_new && probe.waiting.size() >= options_.max_waiting) {
        refuse(*pending, already_connected(false));
        return;
    }
    probe.waiting.push_back(pending);
    if (!is_new) {
        return;
    }
    probe.value = heartbeat_.ping(holder.number);
    probe.deadline = clock_.monotonic() + static_cast<std::uint64_t>(options_.ping_timeout.count());
    // What was seen in this very unit of time came before; only what comes later is an answer.
    probe.seen = heartbeat_.now();
    probe_ends_.emplace_back(probe.deadline, holder.number);
    ++statistics_.pings;
    outbox_.add([this, lane = holder.lane, connection = holder.connection, value = probe.value] {
        transports_.ping(lane, connection, value);
    });
    if (wants_debug("network")) {
        publish(events::Level::debug, "network", "agent.probe",
                "Agent " + quote_id(holder.agent_id()) + " (" + where(holder) +
                    ") is asked for a sign of life, because " + pending->request.remote +
                    " wants to take its place.");
    }
}

void Registrations::install(const PendingPointer& pending, Session* holder) {
    RegistrationRequest& request = pending->request;
    const SessionNumber number = heartbeat_.add();
    if (number == 0) {
        refuse(*pending, {ErrorClass::overloaded, "identity.too_many_agents",
                          "Already " + std::to_string(options_.max_agents) +
                              " agents are registered, which is the most"});
        return;
    }
    auto attached = directory_.attach(
        request.agent_id, {.instance = request.lane.instance, .lane = request.lane.lane});
    if (!attached) {
        heartbeat_.remove(number);
        refuse(*pending, attached.error());
        return;
    }
    const bool resumed = holder != nullptr && !holder->online;
    Session old;
    if (holder != nullptr) {
        // Its route is the new one's by now, so it is not taken away.
        settle_waiting(holder->number, false);
        old.number = holder->number;
        old.lane = holder->lane;
        old.connection = holder->connection;
        old.online = holder->online;
        forget(old.number);
    }
    Session session;
    session.number = number;
    session.connection = request.connection;
    session.lane = request.lane;
    session.online = true;
    session.since = clock_.wall();
    if (pending->certificate == Proof::good && pending->check.agent_id == request.agent_id) {
        session.proven_claim = pending->check.claim;
    }
    session.set_texts(request.agent_id, request.metadata, request.remote, request.transport);
    const Session& added = sessions_.add(std::move(session));
    grant(*pending, added, resumed);
    if (holder == nullptr) {
        ++statistics_.joined;
        publish(events::Level::info, "identity", "agent.joined",
                "Agent " + quote_id(added.agent_id()) + " registered (" + where(added) + ").");
        tell_change(AgentChange::joined, added);
        return;
    }
    if (old.online) {
        ++statistics_.replaced;
        const std::string text = "Another connection registered as " + quote_id(added.agent_id()) +
                                 " and took the place of this one.";
        outbox_.add([this, lane = old.lane, connection = old.connection,
                     id = std::string(added.agent_id()),
                     text] { transports_.end(lane, connection, SessionEnd::replaced, id, text); });
        publish(events::Level::info, "identity", "agent.replaced",
                "Agent " + quote_id(added.agent_id()) +
                    " registered anew, and its earlier connection is closed (" + where(added) +
                    ").");
    } else {
        publish(events::Level::info, "identity", "agent.resumed",
                "Agent " + quote_id(added.agent_id()) + " came back (" + where(added) + ").");
    }
    tell_change(AgentChange::replaced, added);
}

void Registrations::update(const PendingPointer& pending, Session& session) {
    const RegistrationRequest& request = pending->request;
    const std::string id(session.agent_id());
    session.set_texts(id, request.metadata, request.remote, request.transport);
    if (pending->certificate == Proof::good && pending->check.agent_id == id) {
        session.proven_claim = pending->check.claim;
    }
    heartbeat_.touch(session.number);
    grant(*pending, session, false);
}

void Registrations::grant(const Pending& pending, const Session& session, bool resumed) {
    nlohmann::json payload = {{"resumed", resumed},
                              {"claimed", session.proven_claim != 0},
                              {"network_name", options_.network_name},
                              {"network_id", options_.network_id}};
    if (pending.certificate != Proof::absent) {
        payload["certificate_valid"] = pending.certificate == Proof::good;
    }
    const RegistrationRequest& request = pending.request;
    answer(request.lane, request.cookie,
           {.value = session.number,
            .payload = payload.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
    std::string detail = where(session);
    if (pending.certificate == Proof::bad) {
        detail += "; its certificate was not needed, and is not valid: " + pending.check.sentence();
    }
    if (wants_debug("identity")) {
        publish(
            events::Level::debug, "identity", "agent.registered",
            "Registration of agent " + quote_id(request.agent_id) + " granted (" + detail + ").");
    }
    audit("register", "ok", request.agent_id, request.remote, std::move(detail));
}

void Registrations::refuse(const PendingPointer& pending, RegistrationVerdict verdict) {
    const RegistrationRequest& request = pending->request;
    Error error = error_of(verdict, request.agent_id);
    const bool bad_certificate = verdict == RegistrationVerdict::certificate_refused ||
                                 verdict == RegistrationVerdict::connected_bad_certificate;
    if (bad_certificate) {
        publish(events::Level::warning, "identity", "identity.certificate_refused",
                "Certificate validation failed: agent " + quote_id(request.agent_id) + " from " +
                    request.remote + " showed one that is not accepted. " +
                    pending->check.sentence());
    }
    if (verdict == RegistrationVerdict::proof_refused) {
        error.code = pending->key_error.code;
    }
    std::string payload;
    if (verdict == RegistrationVerdict::proof_required) {
        try {
            payload = "{\"error\":" + json_text(error.message) +
                      ",\"challenge\":" + claims_.challenge(request.agent_id).to_json() + '}';
        } catch (const std::exception&) {  // the system has no random bytes
            error = {ErrorClass::failed, "identity.no_randomness",
                     "No challenge could be made for the key of this agent ID"};
        }
    }
    refuse(*pending, error, std::move(payload));
}

void Registrations::refuse(const Pending& pending, const Error& error, std::string payload) {
    const RegistrationRequest& request = pending.request;
    ++statistics_.refused;
    publish(events::Level::info, "identity", "agent.refused",
            "Registration of " + quote_id(request.agent_id) + " from " + request.remote +
                " refused: " + error.message + " [" + error.code + "].");
    audit("register", error.code, request.agent_id, request.remote,
          pending.certificate == Proof::bad ? pending.check.sentence() : std::string());
    Answer refused = refusal(error);
    if (!payload.empty()) {
        refused.payload = std::move(payload);
    }
    answer(request.lane, request.cookie, std::move(refused));
}

void Registrations::pong(SessionNumber session, std::uint64_t value, bool success) {
    Lock lock(mutex_);
    if (!success) {
        if (wants_debug("network")) {
            if (const Session* failed = sessions_.find(session); failed != nullptr) {
                publish(events::Level::debug, "network", "agent.pong_failed",
                        "Agent " + quote_id(failed->agent_id()) +
                            " answered its ping with a failure, which counts as no answer.");
            }
        }
        outbox_.send(lock);
        return;
    }
    const bool expected = heartbeat_.pong(session, value);
    if (const auto found = probes_.find(session);
        found != probes_.end() && (expected || found->second.value == value)) {
        heartbeat_.touch(session);
        refuse_waiting(session);
    }
    work(lock);
}

void Registrations::tick() {
    Lock lock(mutex_);
    const std::uint64_t now = clock_.monotonic();
    heartbeat_.tick(now, *this);
    end_probes(now);
    end_graces(now);
    work(lock);
}

}  // namespace patchbay::identity
