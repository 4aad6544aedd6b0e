// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who owns which agent id. A claim makes an id its owner's until the newest certificate expires,
/// also while the owner is away; the certificate is the proof. Everything that changes a claim is
/// decided and written by one thread, and answered when it is on the disk; questions are answered
/// from memory.
///
/// Certificates of a claim: a renewal issues a new one, and the older ones stay valid until a newer
/// one is first used (`mark_used`). A forced claim, a release and a revocation make all of them
/// void at once.
///
/// Codes of refusals (the texts of the first three are upstream's):
///
/// | code | class | meaning |
/// | --- | --- | --- |
/// | `identity.already_claimed` | failed | "Agent ID ID is already claimed" |
/// | `identity.missing_agent_id` | invalid | "Missing agent_id" |
/// | `identity.missing_certificate` | invalid | "Missing certificate data" |
/// | `identity.bad_agent_id`, `identity.reserved_agent_id` | invalid | see agent_id.hpp |
/// | `identity.bad_public_key` | invalid | it is not 32 bytes |
/// | `identity.claims_closed` | unsupported | only the operator makes claims here |
/// | `identity.token_required`, `identity.token_refused` | failed | policy `token` |
/// | `identity.revoked` | failed | revoked; the operator must release the id or claim it anew |
/// | `identity.not_owner` | failed | the claim is not, or no longer, the one that was proven |
/// | `identity.unclaimed` | failed | there is no claim of that id |
/// | `identity.certificate_*` | failed | see `CertificateCheck` |
/// | `identity.challenge_refused` | failed | unknown, used, expired, or another agent's challenge |
/// | `identity.proof_refused` | failed | not the bound key's signature |
/// | `identity.rate_limited` | overloaded | too many claims or validations from there, or in all |
/// | `identity.too_many_claims`, `identity.too_many_tokens` | overloaded | a bound is reached |
/// | `identity.busy` | overloaded | the writer's queue is full |
/// | `identity.stopping` | disconnected | the host ends |
/// | `storage.*` | | the disk or the database failed; nothing was changed |
#pragma once

#include "events/event.hpp"
#include "identity/audit.hpp"
#include "identity/certificate_check.hpp"
#include "identity/challenge.hpp"
#include "identity/rate_limit.hpp"
#include "identity/signing_keys.hpp"
#include "multiplexer/clock.hpp"

#include <patchbay/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::identity {

enum class ClaimPolicy : std::uint8_t {
    open,   ///< whoever comes first
    token,  ///< with a one-time token that the operator issued
    closed  ///< the operator alone
};

struct ClaimLimits {
    /// Claims, revoked ones included, that are kept.
    std::size_t claims = 100'000;
    /// Tokens that are neither used nor expired.
    std::size_t tokens = 10'000;
    /// Rows of the audit log; the oldest go.
    std::size_t audit_rows = 100'000;
    /// Requests and audit entries that wait for the writer, each.
    std::size_t queue = 4'096;
    /// Claims asked for. The first is for one address, the second for all together.
    RateLimit claims_per_address{100, std::chrono::hours(1)};
    RateLimit claims_in_all{10'000, std::chrono::hours(1)};
    /// Certificates validated on request (`validate`, `admit_validation`).
    RateLimit validations_per_address{300, std::chrono::minutes(1)};
    RateLimit validations_in_all{100'000, std::chrono::minutes(1)};
    /// Addresses that are told apart.
    std::size_t addresses = 4'096;
};

struct ClaimsOptions {
    /// The folder of identity.sqlite; must exist.
    std::string data_dir;
    KeySource key;
    std::chrono::nanoseconds certificate_lifetime = std::chrono::hours(24);
    /// How long a replaced key still verifies; 0 = the lifetime of a certificate.
    std::chrono::nanoseconds key_overlap{0};
    ClaimPolicy policy = ClaimPolicy::open;
    /// `compatibility: openagents-0.5`: `force` needs no proof.
    bool openagents_05 = false;
    /// How far in the future `issued_at` may be.
    std::chrono::nanoseconds clock_skew = std::chrono::seconds(60);
    /// Part of every challenge, so that an answer is of no use in another network.
    std::string network_id;
    ClaimLimits limits;
};

/// A claim in force.
struct ClaimInfo {
    std::string agent_id;
    /// Tells this claim from earlier and later ones of the id. Never 0, never used again.
    std::uint64_t claim = 0;
    /// Nanoseconds since 1970. `expires_at` is that of the newest certificate.
    std::uint64_t claimed_at = 0;
    std::uint64_t expires_at = 0;
    bool has_public_key = false;
    /// Made by the operator: it does not lapse with its certificate.
    bool provisioned = false;
    /// Nobody can use or claim the id until the operator decides.
    bool revoked = false;
};

struct ClaimRequest {
    std::string agent_id;
    /// Take the claim even though the id is claimed: needs `proven_claim` or `certificate`, unless
    /// `openagents_05`. With a bound key only `proven_claim` counts.
    bool force = false;
    /// Proof of ownership as the agent sent it, a JSON object; empty = none.
    std::string certificate;
    std::string token;
    /// Ed25519 key to bind to the claim: 32 bytes; empty = none (a forced claim keeps its key).
    std::string public_key;
    /// "ADDRESS:PORT".
    std::string remote;
    /// `ClaimInfo::claim` that the session of this agent id has proven; 0 = none.
    std::uint64_t proven_claim = 0;
    /// By the command line: policy, proof and rates do not apply, and the claim does not lapse.
    bool by_operator = false;
};

/// What the owner, or the operator, does with a claim.
struct OwnerRequest {
    std::string agent_id;
    /// `ClaimInfo::claim` that the session has proven.
    std::uint64_t proven_claim = 0;
    std::string remote;
    /// Proof is not needed.
    bool by_operator = false;
};

struct ClaimOutcome {
    std::string agent_id;
    std::uint64_t claim = 0;
    /// JSON object, as it goes to the agent.
    std::string certificate;
    std::uint64_t expires_at = 0;
};

struct TokenRequest {
    /// The only id that can be claimed with it; empty = any.
    std::string agent_id;
    std::chrono::nanoseconds lifetime = std::chrono::hours(24);
    /// For people.
    std::string note;
};

/// The token itself is told once, when it is issued.
struct TokenInfo {
    std::uint64_t number = 0;
    std::string agent_id;
    std::string note;
    std::uint64_t issued_at = 0;
    std::uint64_t expires_at = 0;
};

struct IssuedToken {
    TokenInfo info;
    std::string token;
};

struct ClaimStatistics {
    std::size_t claims = 0;
    std::size_t queued = 0;
    /// Certificates that `check` refused, and all that it looked at.
    std::uint64_t refused = 0;
    std::uint64_t checked = 0;
    /// Checks that needed no signature, because that certificate had been verified before.
    std::uint64_t cache_hits = 0;
    std::uint64_t audit_lost = 0;
    std::uint64_t write_failures = 0;
};

/// Called once, on the writer's thread, after the commit; must not block for long. It may call
/// `Claims`.
using ClaimDone = std::function<void(Result<ClaimOutcome>)>;
using Done = std::function<void(Result<void>)>;
using TokenDone = std::function<void(Result<IssuedToken>)>;

/// Thread-safe.
class Claims {
  public:
    /// Opens key and store, and starts the writer. `events` and `clock` must outlive it. Codes:
    /// those of signing_keys.hpp; `identity.store_damaged`: the file is not replaced, because that
    /// would give every id away; `storage.*`. [may block]
    [[nodiscard]] static Result<std::unique_ptr<Claims>> open(ClaimsOptions options,
                                                              events::EventSink& events,
                                                              const multiplexer::Clock& clock);
    Claims(const Claims&) = delete;
    Claims& operator=(const Claims&) = delete;
    /// Carries out what is queued.
    ~Claims();

    // ---- From memory; any thread; do not block ----

    /// The claim in force, if there is one. An expired claim is none.
    [[nodiscard]] std::optional<ClaimInfo> find(std::string_view agent_id) const;
    /// Judges a certificate, a JSON object. `expected_agent_id` empty = of whichever agent. It does
    /// not count as use, and rates do not apply.
    [[nodiscard]] CertificateCheck check(std::string_view certificate,
                                         std::string_view expected_agent_id = {}) const;
    /// `check` as an agent's request: limited by rate, audited when refused. Fails with
    /// `identity.rate_limited` or `identity.missing_certificate` only.
    [[nodiscard]] Result<CertificateCheck> validate(std::string_view certificate,
                                                    std::string_view remote);
    /// Counts one validation for `remote` (registrations with certificates); fails with
    /// `identity.rate_limited`.
    [[nodiscard]] Result<void> admit_validation(std::string_view remote);
    /// A page of claims in force, in byte order of their ids, that follow `after`.
    [[nodiscard]] std::vector<ClaimInfo> list(std::string_view after, std::size_t limit) const;
    [[nodiscard]] ClaimStatistics statistics() const;
    [[nodiscard]] const ClaimsOptions& options() const;

    /// For an agent whose claim has a key: what it must sign, once, soon.
    [[nodiscard]] Challenge challenge(std::string_view agent_id);
    /// Judges the answer, a JSON object `{"nonce": HEX, "signature": HEX}`. The challenge is spent
    /// either way.
    [[nodiscard]] Result<void> verify_proof(std::string_view agent_id, const PublicKey& key,
                                            std::string_view proof);

    // ---- Durable before `then`; any thread; do not block ----
    // A failure returned here (busy, stopping, rate_limited, or a malformed request) is final:
    // `then` is not called.

    [[nodiscard]] Result<void> claim(ClaimRequest request, ClaimDone then);
    /// A fresh certificate for the owner. `void_earlier`: the older ones are void now.
    [[nodiscard]] Result<void> renew(OwnerRequest request, bool void_earlier, ClaimDone then);
    [[nodiscard]] Result<void> release(OwnerRequest request, Done then);
    /// By the operator. The id stays blocked until it is released, or claimed, by the operator.
    [[nodiscard]] Result<void> revoke(std::string agent_id, std::string remote, Done then);
    /// The agent has registered with this certificate: older ones become void. Costs nothing when
    /// there are none; then `then`, which may be empty, is called at once on this thread.
    [[nodiscard]] Result<void> mark_used(const CertificateCheck& certificate, Done then = {});

    [[nodiscard]] Result<void> issue_token(TokenRequest request, TokenDone then);
    [[nodiscard]] Result<void> revoke_token(std::uint64_t number, Done then);

    /// Writes an entry some time later, together with others. Lost, and counted, when the queue is
    /// full. Its time is filled in when it is 0.
    void audit(AuditEntry entry);

    // ---- For the command line; any thread; [may block] ----

    [[nodiscard]] Result<std::vector<TokenInfo>> tokens(std::size_t limit) const;
    /// The newest first.
    [[nodiscard]] Result<std::vector<AuditEntry>> audit_log(std::size_t limit) const;
    /// Makes a new signing key; the old one verifies for the overlap. The answer is the new key's
    /// id. Only with `secret_key_file`.
    [[nodiscard]] Result<std::string> rotate_key();
    [[nodiscard]] std::vector<KeyInfo> keys() const;
    /// Copies the store, consistent, to a new file with mode 0600. The key is not in it.
    [[nodiscard]] Result<void> backup(const std::string& path) const;
    /// Waits until everything queued before is on the disk. False when that took longer.
    bool flush(std::chrono::milliseconds limit);

  private:
    struct Parts;
    explicit Claims(std::unique_ptr<Parts> parts);

    std::unique_ptr<Parts> parts_;
};

}  // namespace patchbay::identity
