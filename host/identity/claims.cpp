// SPDX-License-Identifier: Apache-2.0
#include "identity/claims.hpp"

#include "identity/agent_id.hpp"
#include "identity/certificate_judge.hpp"
#include "identity/claim_decisions.hpp"
#include "identity/claim_store.hpp"
#include "identity/claim_table.hpp"
#include "identity/identity_clock.hpp"
#include "identity/store_writer.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace patchbay::identity {

namespace {

constexpr std::string_view subsystem = "identity";
constexpr std::uint64_t time_between_sweeps = 60'000'000'000;
constexpr std::size_t max_token_bytes = 256;
constexpr std::size_t max_note_bytes = 256;

ClaimInfo info_of(const StoredClaim& claim) {
    return {claim.agent_id,
            claim.number,
            claim.claimed_at,
            claim.expires_at(),
            claim.public_key.has_value(),
            claim.provisioned,
            claim.revoked};
}

template <class T>
std::string outcome_of(const Result<T>& result) {
    return result ? "ok" : result.error().code;
}

tl::unexpected<Error> rate_limited(std::string_view what) {
    return failure(ErrorClass::overloaded, "identity.rate_limited",
                   "Too many " + std::string(what) + "; try again later.");
}

std::string text_of_refusal(std::string_view action, std::string_view agent_id,
                            std::string_view remote, const Error& error, std::string_view detail) {
    std::string text;
    if (error.code == "identity.already_claimed") {
        text = "Agent ID already claimed: " + std::string(agent_id) +
               " has another owner, or the owner asked without its certificate; is there a second "
               "instance of the agent?";
    } else if (error.code.starts_with("identity.certificate_")) {
        text = "Certificate validation failed: ";
        text += detail.empty() ? error.message : detail;
    } else {
        text = error.message;
    }
    return text + " (" + std::string(action) + " of " + std::string(agent_id) + " from " +
           (remote.empty() ? "an unknown place" : std::string(remote)) + ')';
}

}  // namespace

struct Claims::Parts {
    Parts(ClaimsOptions given, std::unique_ptr<SigningKeys> signing_keys, events::EventSink& sink,
          const multiplexer::Clock& machine_clock)
        : options(std::move(given)),
          path(store_path(options)),
          events(sink),
          machine(machine_clock),
          clock(machine_clock),
          keys(std::move(signing_keys)),
          judge({options.certificate_lifetime, options.clock_skew}, table, *keys, clock),
          decisions(options, table, judge, clock),
          challenges(options.network_id),
          claim_rates(options.limits.claims_per_address, options.limits.claims_in_all,
                      options.limits.addresses),
          validation_rates(options.limits.validations_per_address,
                           options.limits.validations_in_all, options.limits.addresses) {}

    static std::string store_path(const ClaimsOptions& options) {
        return options.data_dir + "/identity.sqlite";
    }

    const ClaimsOptions options;
    const std::string path;
    events::EventSink& events;
    const multiplexer::Clock& machine;
    const IdentityClock clock;
    const std::unique_ptr<SigningKeys> keys;
    ClaimTable table;
    CertificateJudge judge;
    ClaimDecisions decisions;    ///< writer thread only
    std::uint64_t swept_at = 0;  ///< writer thread only
    Challenges challenges;
    RateLimiter claim_rates;
    RateLimiter validation_rates;
    /// Of refusals for rates, so that whoever is refused cannot fill the logs instead.
    RateLimiter notices{{1, std::chrono::minutes(1)}, {60, std::chrono::minutes(1)}, 1'024};
    std::atomic<std::uint64_t> reported_steps{0};
    /// Last, so that it ends first: its thread uses all of the above.
    std::unique_ptr<StoreWriter> writer;

    void report(events::Level level, std::string code, std::string text) const {
        if (events.wants(level, std::string(subsystem))) {
            events.publish({level, std::string(subsystem), std::move(code), std::move(text)});
        }
    }

    template <class T>
    void report_decision(std::string_view action, std::string_view agent_id,
                         std::string_view remote, const Result<T>& result,
                         std::string_view detail) const {
        if (result) {
            report(events::Level::debug, "identity." + std::string(action),
                   std::string(agent_id) + ": " + std::string(action) + " from " +
                       (remote.empty() ? "an unknown place" : std::string(remote)) + '.');
        } else {
            report(events::Level::info, result.error().code,
                   text_of_refusal(action, agent_id, remote, result.error(), detail));
        }
    }

    void report_clock() {
        const std::uint64_t steps = clock.steps();
        if (reported_steps.exchange(steps) < steps) {
            report(events::Level::warning, "identity.clock_stepped",
                   "The clock of this machine jumped; certificates are judged by the time before "
                   "the jump until it has stayed there for ten minutes.");
        }
    }

    [[nodiscard]] Result<void> sweep_now_and_then(ClaimStore& store) {
        const std::uint64_t now = machine.monotonic();
        if (now < swept_at + time_between_sweeps) {
            return {};
        }
        swept_at = now;
        report_clock();
        // Not at once: whoever wants the id may take it, and the row does no harm.
        return decisions.sweep(store, static_cast<std::uint64_t>(
                                          std::max(options.certificate_lifetime,
                                                   std::chrono::nanoseconds(std::chrono::hours(24)))
                                              .count()));
    }

    /// Queues a change: `decide` is a ClaimDecisions function with its arguments.
    template <class T, class Decide>
    [[nodiscard]] Result<void> change(std::string action, std::string agent_id, std::string remote,
                                      std::string detail, Decide decide,
                                      std::function<void(Result<T>)> then) {
        struct State {
            std::string action;
            std::string agent_id;
            std::string remote;
            std::string detail;
            Decide decide;
            std::function<void(Result<T>)> then;
            Result<T> outcome = failure(ErrorClass::failed, "storage.failed", "Not decided.");
        };
        const auto state =
            std::make_shared<State>(State{std::move(action), std::move(agent_id), std::move(remote),
                                          std::move(detail), std::move(decide), std::move(then)});
        StoreWriter::Change change;
        change.decide = [this, state](ClaimStore& store) -> Result<void> {
            Result<void> swept = sweep_now_and_then(store);
            if (!swept) {
                return swept;
            }
            Result<Result<T>> decision = state->decide(store);
            if (!decision) {
                return tl::unexpected<Error>(std::move(decision.error()));
            }
            state->outcome = std::move(*decision);
            return writer->audit_now(
                store, {clock.now(), state->action, outcome_of(state->outcome), state->agent_id,
                        state->remote, state->outcome ? std::string() : state->detail});
        };
        change.done = [this, state](const Error* error) {
            if (error != nullptr) {
                state->outcome = tl::unexpected<Error>(*error);
            }
            report_decision(state->action, state->agent_id, state->remote, state->outcome,
                            state->detail);
            if (state->then) {
                state->then(std::move(state->outcome));
            }
        };
        return writer->put(std::move(change));
    }

    /// A refusal that needs no writer: told, and written to the audit log.
    Result<void> refuse(std::string_view action, std::string_view agent_id, std::string_view remote,
                        const Error& error) {
        Result<void> result = tl::unexpected<Error>(error);
        if (error.code == "identity.rate_limited" && !notices.admit(remote, machine.monotonic())) {
            return result;
        }
        report_decision(action, agent_id, remote, result, {});
        writer->audit({clock.now(),
                       std::string(action),
                       error.code,
                       std::string(agent_id.substr(0, max_audit_text_bytes)),
                       std::string(remote),
                       {}});
        return result;
    }
};

Claims::Claims(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Claims::~Claims() = default;

Result<std::unique_ptr<Claims>> Claims::open(ClaimsOptions options, events::EventSink& events,
                                             const multiplexer::Clock& clock) {
    if (options.certificate_lifetime < std::chrono::milliseconds(1)) {
        return failure(ErrorClass::invalid, "identity.bad_lifetime",
                       "identity.certificate_ttl_hours must be more than 0.");
    }
    if (options.key_overlap == std::chrono::nanoseconds(0)) {
        options.key_overlap = options.certificate_lifetime;
    }
    Result<std::unique_ptr<SigningKeys>> keys =
        SigningKeys::open(options.key, options.data_dir, events, clock);
    if (!keys) {
        return tl::unexpected<Error>(std::move(keys.error()));
    }
    Result<ClaimStore> store = ClaimStore::open(Parts::store_path(options));
    if (!store) {
        return tl::unexpected<Error>(std::move(store.error()));
    }
    auto parts = std::make_unique<Parts>(std::move(options), std::move(*keys), events, clock);
    Parts* raw = parts.get();
    Result<void> loaded =
        store->load([raw](StoredClaim claim) { raw->table.put(std::move(claim)); });
    if (!loaded) {
        return tl::unexpected<Error>(std::move(loaded.error()));
    }
    StoreWriterLimits limits;
    limits.queue = parts->options.limits.queue;
    limits.audit_rows = parts->options.limits.audit_rows;
    parts->writer =
        std::make_unique<StoreWriter>(std::move(*store), limits, events,
                                      [raw](bool committed) { raw->decisions.settle(committed); });
    if (parts->options.openagents_05) {
        parts->report(events::Level::warning, "identity.openagents_05",
                      "compatibility: openagents-0.5 is on: whoever asks with force takes any "
                      "claim away.");
    }
    return std::unique_ptr<Claims>(new Claims(std::move(parts)));
}

// ---- From memory -------------------------------------------------------------------------------

std::optional<ClaimInfo> Claims::find(std::string_view agent_id) const {
    const std::uint64_t now = parts_->clock.now();
    std::optional<ClaimInfo> info;
    parts_->table.look_at(agent_id, [&](const StoredClaim& claim) {
        if (claim.in_force(now)) {
            info = info_of(claim);
        }
    });
    return info;
}

CertificateCheck Claims::check(std::string_view certificate,
                               std::string_view expected_agent_id) const {
    return parts_->judge.check(certificate, expected_agent_id);
}

Result<void> Claims::admit_validation(std::string_view remote) {
    if (!parts_->validation_rates.admit(remote, parts_->machine.monotonic())) {
        return parts_->refuse("validate", {}, remote,
                              rate_limited("certificates to validate").value());
    }
    return {};
}

Result<CertificateCheck> Claims::validate(std::string_view certificate, std::string_view remote) {
    Result<void> admitted = admit_validation(remote);
    if (!admitted) {
        return tl::unexpected<Error>(std::move(admitted.error()));
    }
    const std::size_t start = certificate.find_first_not_of(" \t\r\n");
    const std::string_view content =
        start == std::string_view::npos ? std::string_view() : certificate.substr(start);
    if (content.empty() || content == "{}" || content == "null") {
        return failure(ErrorClass::invalid, "identity.missing_certificate",
                       "Missing certificate data");
    }
    CertificateCheck result = check(certificate);
    if (!result.valid()) {
        parts_->report(events::Level::info, std::string(result.code()),
                       "Certificate validation failed: " + result.sentence() + " (from " +
                           std::string(remote) + ')');
        parts_->writer->audit({parts_->clock.now(), "validate", std::string(result.code()),
                               result.agent_id, std::string(remote), result.detail});
    }
    return result;
}

std::vector<ClaimInfo> Claims::list(std::string_view after, std::size_t limit) const {
    const std::uint64_t now = parts_->clock.now();
    std::vector<ClaimInfo> infos;
    for (const StoredClaim& claim : parts_->table.page(
             after, limit, [now](const StoredClaim& found) { return found.in_force(now); })) {
        infos.push_back(info_of(claim));
    }
    return infos;
}

ClaimStatistics Claims::statistics() const {
    ClaimStatistics statistics;
    statistics.claims = parts_->table.size();
    statistics.queued = parts_->writer->queued();
    statistics.refused = parts_->judge.refused();
    statistics.checked = parts_->judge.checked();
    statistics.cache_hits = parts_->judge.cache_hits();
    statistics.audit_lost = parts_->writer->audit_lost();
    statistics.write_failures = parts_->writer->failures();
    return statistics;
}

const ClaimsOptions& Claims::options() const {
    return parts_->options;
}

Challenge Claims::challenge(std::string_view agent_id) {
    return parts_->challenges.make(agent_id, parts_->clock.now(), parts_->machine.monotonic());
}

Result<void> Claims::verify_proof(std::string_view agent_id, const PublicKey& key,
                                  std::string_view proof) {
    return parts_->challenges.verify(agent_id, key, proof, parts_->machine.monotonic());
}

// ---- Changes -----------------------------------------------------------------------------------

Result<void> Claims::claim(ClaimRequest request, ClaimDone then) {
    if (!request.by_operator &&
        !parts_->claim_rates.admit(request.remote, parts_->machine.monotonic())) {
        return parts_->refuse("claim", request.agent_id, request.remote,
                              rate_limited("claims").value());
    }
    Result<void> good = check_agent_id(request.agent_id);
    if (good && !request.public_key.empty() && request.public_key.size() != public_key_size) {
        good =
            failure(ErrorClass::invalid, "identity.bad_public_key",
                    "A public key for a claim is Ed25519, of " + std::to_string(public_key_size) +
                        " bytes; this one has " + std::to_string(request.public_key.size()) + '.');
    }
    if (good && request.token.size() > max_token_bytes) {
        good = failure(ErrorClass::failed, "identity.token_refused",
                       "The token is unknown, used, expired, or for another agent id.");
    }
    if (!good) {
        return parts_->refuse("claim", request.agent_id, request.remote, good.error());
    }
    std::optional<CertificateCheck> presented;
    std::string detail;
    if (request.force && !request.certificate.empty()) {
        presented = check(request.certificate, request.agent_id);
        if (!presented->valid()) {
            detail = presented->sentence();
        }
    }
    request.certificate.clear();
    std::string agent_id = request.agent_id;
    std::string remote = request.by_operator ? "operator" : request.remote;
    Parts* parts = parts_.get();
    return parts_->change<ClaimOutcome>(
        "claim", std::move(agent_id), std::move(remote), std::move(detail),
        [parts, request = std::move(request), presented = std::move(presented)](ClaimStore& store) {
            return parts->decisions.claim(store, request, presented ? &*presented : nullptr);
        },
        std::move(then));
}

Result<void> Claims::renew(OwnerRequest request, bool void_earlier, ClaimDone then) {
    std::string agent_id = request.agent_id;
    std::string remote = request.by_operator ? "operator" : request.remote;
    Parts* parts = parts_.get();
    return parts_->change<ClaimOutcome>(
        "renew", std::move(agent_id), std::move(remote), {},
        [parts, request = std::move(request), void_earlier](ClaimStore& store) {
            return parts->decisions.renew(store, request, void_earlier);
        },
        std::move(then));
}

Result<void> Claims::release(OwnerRequest request, Done then) {
    std::string agent_id = request.agent_id;
    std::string remote = request.by_operator ? "operator" : request.remote;
    Parts* parts = parts_.get();
    return parts_->change<void>(
        "release", std::move(agent_id), std::move(remote), {},
        [parts, request = std::move(request)](ClaimStore& store) {
            return parts->decisions.release(store, request);
        },
        std::move(then));
}

Result<void> Claims::revoke(std::string agent_id, std::string remote, Done then) {
    Parts* parts = parts_.get();
    std::string subject = agent_id;
    return parts_->change<void>(
        "revoke", std::move(subject), std::move(remote), {},
        [parts, agent_id = std::move(agent_id)](ClaimStore& store) {
            return parts->decisions.revoke(store, agent_id);
        },
        std::move(then));
}

Result<void> Claims::mark_used(const CertificateCheck& certificate, Done then) {
    bool first = false;
    parts_->table.look_at(certificate.agent_id, [&](const StoredClaim& claim) {
        first = claim.number == certificate.claim && !claim.certificates.empty() &&
                claim.certificates.front().digest == certificate.digest;
    });
    if (first) {
        if (then) {
            then({});
        }
        return {};
    }
    Parts* parts = parts_.get();
    return parts_->change<void>(
        "use", certificate.agent_id, {}, {},
        [parts, certificate](ClaimStore& store) {
            return parts->decisions.mark_used(store, certificate);
        },
        std::move(then));
}

Result<void> Claims::issue_token(TokenRequest request, TokenDone then) {
    if (!request.agent_id.empty()) {
        const Result<void> good = check_agent_id(request.agent_id);
        if (!good) {
            return good;
        }
    }
    if (request.lifetime <= std::chrono::nanoseconds(0) || request.note.size() > max_note_bytes) {
        return failure(ErrorClass::invalid, "identity.bad_token_request",
                       "A token needs a lifetime of more than 0, and a note of at most " +
                           std::to_string(max_note_bytes) + " bytes.");
    }
    Parts* parts = parts_.get();
    std::string agent_id = request.agent_id;
    return parts_->change<IssuedToken>(
        "issue_token", std::move(agent_id), "operator", {},
        [parts, request = std::move(request)](ClaimStore& store) {
            return parts->decisions.issue_token(store, request);
        },
        std::move(then));
}

Result<void> Claims::revoke_token(std::uint64_t number, Done then) {
    return parts_->change<void>(
        "revoke_token", {}, "operator", {},
        [number](ClaimStore& store) -> Result<Result<void>> {
            Result<bool> removed = store.remove_token(number);
            if (!removed) {
                return tl::unexpected<Error>(std::move(removed.error()));
            }
            if (!*removed) {
                return Result<void>(
                    failure(ErrorClass::failed, "identity.unknown_token",
                            "There is no unused token number " + std::to_string(number) + '.'));
            }
            return Result<void>();
        },
        std::move(then));
}

void Claims::audit(AuditEntry entry) {
    if (entry.time == 0) {
        entry.time = parts_->clock.now();
    }
    parts_->writer->audit(std::move(entry));
}

// ---- For the command line ----------------------------------------------------------------------

Result<std::vector<TokenInfo>> Claims::tokens(std::size_t limit) const {
    Result<std::vector<StoredToken>> stored =
        ClaimStore::tokens(parts_->path, parts_->clock.now(), limit);
    if (!stored) {
        return tl::unexpected<Error>(std::move(stored.error()));
    }
    std::vector<TokenInfo> infos;
    for (StoredToken& token : *stored) {
        infos.push_back({token.number, std::move(token.agent_id), std::move(token.note),
                         token.issued_at, token.expires_at});
    }
    return infos;
}

Result<std::vector<AuditEntry>> Claims::audit_log(std::size_t limit) const {
    return ClaimStore::audit_log(parts_->path, limit);
}

Result<std::string> Claims::rotate_key() {
    Result<std::string> id = parts_->keys->rotate(parts_->options.key_overlap);
    audit({0, "rotate_key", outcome_of(id), {}, "operator", id ? *id : std::string()});
    if (id) {
        parts_->report(events::Level::info, "identity.key_rotated",
                       "The key " + *id + " signs certificates from now on.");
    }
    return id;
}

std::vector<KeyInfo> Claims::keys() const {
    return parts_->keys->keys();
}

Result<void> Claims::backup(const std::string& path) const {
    return ClaimStore::backup(parts_->path, path);
}

bool Claims::flush(std::chrono::milliseconds limit) {
    return parts_->writer->flush(limit);
}

}  // namespace patchbay::identity
