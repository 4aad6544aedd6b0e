// SPDX-License-Identifier: Apache-2.0
#include "identity/claim_decisions.hpp"

#include "identity/hexadecimal.hpp"
#include "identity/hmac_sha256.hpp"

#include <openssl/rand.h>

#include <array>
#include <utility>

namespace patchbay::identity {

namespace {

/// Lapsed claims that one transaction removes.
constexpr std::size_t sweep_step = 1'000;

Error refusal(std::string code, std::string text, ErrorClass error_class = ErrorClass::failed) {
    return Error{error_class, std::move(code), std::move(text)};
}

Error already_claimed(const std::string& agent_id) {
    return refusal("identity.already_claimed", "Agent ID " + agent_id + " is already claimed");
}

Error is_revoked(const std::string& agent_id) {
    return refusal("identity.revoked", "The claim of " + agent_id +
                                           " was revoked by the operator, who alone can release "
                                           "the id or claim it anew.");
}

template <class T>
Result<Result<T>> decided(Error error) {
    return Result<T>(tl::unexpected<Error>(std::move(error)));
}

Result<Result<void>> granted() {
    return Result<void>();
}

template <class T>
tl::unexpected<Error> store_failed(Result<T>& result) {
    return tl::unexpected<Error>(std::move(result.error()));
}

}  // namespace

// ---- What this transaction sees ----------------------------------------------------------------

std::optional<StoredClaim> ClaimDecisions::find(std::string_view agent_id) const {
    const auto found = staged_.find(std::string(agent_id));
    return found != staged_.end() ? found->second : table_.find(agent_id);
}

Result<void> ClaimDecisions::put(ClaimStore& store, StoredClaim claim) {
    Result<void> result = store.put(claim);
    if (result) {
        if (!find(claim.agent_id)) {
            ++added_;
        }
        std::string agent_id = claim.agent_id;
        staged_.insert_or_assign(std::move(agent_id), std::move(claim));
    }
    return result;
}

Result<void> ClaimDecisions::remove(ClaimStore& store, std::string_view agent_id) {
    Result<void> result = store.remove(agent_id);
    if (result) {
        if (find(agent_id)) {
            ++removed_;
        }
        staged_.insert_or_assign(std::string(agent_id), std::nullopt);
    }
    return result;
}

void ClaimDecisions::settle(bool committed) {
    if (committed) {
        for (auto& [agent_id, claim] : staged_) {
            if (claim) {
                table_.put(std::move(*claim));
            } else {
                table_.remove(agent_id);
            }
        }
    }
    staged_.clear();
    added_ = 0;
    removed_ = 0;
}

// ---- Claims ------------------------------------------------------------------------------------

std::optional<Error> ClaimDecisions::refuse_force(const ClaimRequest& request,
                                                  const StoredClaim& claim,
                                                  const CertificateCheck* presented) const {
    if (request.by_operator && (request.force || claim.revoked)) {
        return std::nullopt;
    }
    if (claim.revoked) {
        return is_revoked(claim.agent_id);
    }
    if (!request.force) {
        return already_claimed(claim.agent_id);
    }
    if (options_.openagents_05 || request.proven_claim == claim.number) {
        return std::nullopt;
    }
    if (presented == nullptr) {
        return already_claimed(claim.agent_id);
    }
    if (!presented->valid()) {
        return refusal(std::string(presented->code()), "Certificate validation failed");
    }
    if (presented->claim != claim.number || !claim.index_of(presented->digest)) {
        return refusal(std::string(code_of(CertificateVerdict::superseded)),
                       "Certificate validation failed");
    }
    if (claim.public_key) {
        return refusal("identity.not_owner",
                       "The claim of " + claim.agent_id +
                           " has a key: prove that you hold it when you register, then claim.");
    }
    return std::nullopt;
}

Result<std::optional<Error>> ClaimDecisions::spend_token(ClaimStore& store,
                                                         const ClaimRequest& request) {
    if (request.token.empty()) {
        return refusal("identity.token_required",
                       "Claims need a token here, which the operator issues.");
    }
    Result<std::optional<StoredToken>> found = store.find_token(sha256(request.token));
    if (!found) {
        return store_failed(found);
    }
    const std::optional<StoredToken>& token = *found;
    if (!token || token->expires_at < clock_.now() ||
        (!token->agent_id.empty() && token->agent_id != request.agent_id)) {
        return refusal("identity.token_refused",
                       "The token is unknown, used, expired, or for another agent id.");
    }
    Result<bool> removed = store.remove_token(token->number);
    if (!removed) {
        return store_failed(removed);
    }
    return std::optional<Error>();
}

Result<std::optional<Error>> ClaimDecisions::refuse_new(ClaimStore& store,
                                                        const ClaimRequest& request) {
    if (request.by_operator) {
        return std::optional<Error>();
    }
    if (options_.policy == ClaimPolicy::closed) {
        return refusal("identity.claims_closed", "Only the operator makes claims here.",
                       ErrorClass::unsupported);
    }
    if (count() >= options_.limits.claims && !find(request.agent_id)) {
        Result<void> swept = sweep(store, 0);
        if (!swept) {
            return store_failed(swept);
        }
        if (count() >= options_.limits.claims) {
            return refusal("identity.too_many_claims",
                           "There are as many claims as this host keeps; try again later.",
                           ErrorClass::overloaded);
        }
    }
    if (options_.policy == ClaimPolicy::token) {
        return spend_token(store, request);
    }
    return std::optional<Error>();
}

ClaimDecisions::Decision<ClaimOutcome> ClaimDecisions::claim(ClaimStore& store,
                                                             const ClaimRequest& request,
                                                             const CertificateCheck* presented) {
    const std::uint64_t now = clock_.now();
    const std::optional<StoredClaim> existing = find(request.agent_id);
    const bool taken = existing && existing->in_force(now);
    if (taken) {
        if (std::optional<Error> error = refuse_force(request, *existing, presented)) {
            return decided<ClaimOutcome>(std::move(*error));
        }
    } else {
        Result<std::optional<Error>> refused = refuse_new(store, request);
        if (!refused) {
            return store_failed(refused);
        }
        if (*refused) {
            return decided<ClaimOutcome>(std::move(**refused));
        }
    }
    Result<std::uint64_t> number = store.next_number();
    if (!number) {
        return store_failed(number);
    }
    IssuedCertificate issued = judge_.issue(request.agent_id);
    StoredClaim claim;
    claim.agent_id = request.agent_id;
    claim.number = *number;
    claim.claimed_at = taken ? existing->claimed_at : now;
    claim.certificates = {issued.live};
    claim.provisioned = request.by_operator || (taken && existing->provisioned);
    claim.public_key = public_key_from(request.public_key);
    if (!claim.public_key && taken) {
        claim.public_key = existing->public_key;
    }
    Result<void> written = put(store, std::move(claim));
    if (!written) {
        return store_failed(written);
    }
    return Result<ClaimOutcome>(
        ClaimOutcome{request.agent_id, *number, std::move(issued.json), issued.live.expires_at});
}

std::optional<Error> ClaimDecisions::refuse_owner(const OwnerRequest& request,
                                                  const std::optional<StoredClaim>& claim) const {
    if (!claim || (!request.by_operator && !claim->in_force(clock_.now()))) {
        return refusal("identity.unclaimed", "Agent ID " + request.agent_id + " is not claimed");
    }
    if (request.by_operator) {
        return std::nullopt;
    }
    if (claim->revoked) {
        return is_revoked(request.agent_id);
    }
    if (request.proven_claim != claim->number) {
        return refusal("identity.not_owner",
                       "The claim of " + request.agent_id +
                           " was not proven by this session, or is a newer one than it proved.");
    }
    return std::nullopt;
}

ClaimDecisions::Decision<ClaimOutcome> ClaimDecisions::renew(ClaimStore& store,
                                                             const OwnerRequest& request,
                                                             bool void_earlier) {
    std::optional<StoredClaim> claim = find(request.agent_id);
    if (std::optional<Error> error = refuse_owner(request, claim)) {
        return decided<ClaimOutcome>(std::move(*error));
    }
    if (claim->revoked) {  // by the operator, who has to say what is meant
        return decided<ClaimOutcome>(is_revoked(request.agent_id));
    }
    IssuedCertificate issued = judge_.issue(request.agent_id);
    if (void_earlier) {
        claim->certificates.clear();
    } else if (claim->certificates.size() >= max_live_certificates) {
        // Not the first one, which is in use, but the oldest renewal that nobody ever used.
        claim->certificates.erase(claim->certificates.begin() + 1);
    }
    claim->certificates.push_back(issued.live);
    const std::uint64_t number = claim->number;
    Result<void> written = put(store, std::move(*claim));
    if (!written) {
        return store_failed(written);
    }
    return Result<ClaimOutcome>(
        ClaimOutcome{request.agent_id, number, std::move(issued.json), issued.live.expires_at});
}

ClaimDecisions::Decision<void> ClaimDecisions::release(ClaimStore& store,
                                                       const OwnerRequest& request) {
    if (std::optional<Error> error = refuse_owner(request, find(request.agent_id))) {
        return decided<void>(std::move(*error));
    }
    Result<void> written = remove(store, request.agent_id);
    if (!written) {
        return store_failed(written);
    }
    return granted();
}

ClaimDecisions::Decision<void> ClaimDecisions::revoke(ClaimStore& store,
                                                      std::string_view agent_id) {
    std::optional<StoredClaim> claim = find(agent_id);
    if (!claim) {
        return decided<void>(
            refusal("identity.unclaimed", "Agent ID " + std::string(agent_id) + " is not claimed"));
    }
    if (!claim->revoked) {
        claim->revoked = true;
        Result<void> written = put(store, std::move(*claim));
        if (!written) {
            return store_failed(written);
        }
    }
    return granted();
}

ClaimDecisions::Decision<void> ClaimDecisions::mark_used(ClaimStore& store,
                                                         const CertificateCheck& certificate) {
    std::optional<StoredClaim> claim = find(certificate.agent_id);
    const auto index = claim ? claim->index_of(certificate.digest) : std::optional<std::size_t>();
    if (!index || claim->number != certificate.claim) {
        return decided<void>(refusal(std::string(code_of(CertificateVerdict::superseded)),
                                     "Certificate validation failed"));
    }
    if (*index != 0) {
        claim->certificates.erase(
            claim->certificates.begin(),
            claim->certificates.begin() + static_cast<std::ptrdiff_t>(*index));
        Result<void> written = put(store, std::move(*claim));
        if (!written) {
            return store_failed(written);
        }
    }
    return granted();
}

ClaimDecisions::Decision<IssuedToken> ClaimDecisions::issue_token(ClaimStore& store,
                                                                  const TokenRequest& request) {
    const std::uint64_t now = clock_.now();
    Result<void> removed = store.remove_expired_tokens(now);
    if (!removed) {
        return store_failed(removed);
    }
    Result<std::size_t> count = store.token_count();
    if (!count) {
        return store_failed(count);
    }
    if (*count >= options_.limits.tokens) {
        return decided<IssuedToken>(
            refusal("identity.too_many_tokens",
                    "There are " + std::to_string(*count) +
                        " unused tokens already; revoke some, or wait until they expire.",
                    ErrorClass::overloaded));
    }
    std::array<unsigned char, 32> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
        return decided<IssuedToken>(
            refusal("identity.no_randomness", "There are no random bytes to make a token of."));
    }
    IssuedToken issued;
    append_hex(issued.token, bytes);
    issued.info = {0, request.agent_id, request.note, now,
                   now + static_cast<std::uint64_t>(request.lifetime.count())};
    Result<std::uint64_t> number = store.add_token(
        {0, issued.info.agent_id, issued.info.note, issued.info.issued_at, issued.info.expires_at},
        sha256(issued.token));
    if (!number) {
        return store_failed(number);
    }
    issued.info.number = *number;
    return Result<IssuedToken>(std::move(issued));
}

Result<void> ClaimDecisions::sweep(ClaimStore& store, std::uint64_t after) {
    const std::uint64_t now = clock_.now();
    const std::uint64_t until = now > after ? now - after : 0;
    Result<void> result;
    for (const std::string& agent_id : table_.ids(
             sweep_step, [until](const StoredClaim& claim) { return !claim.in_force(until); })) {
        // Claimed anew in this very transaction?
        const std::optional<StoredClaim> claim = find(agent_id);
        if (claim && !claim->in_force(until)) {
            result = remove(store, agent_id);
            if (!result) {
                break;
            }
        }
    }
    return result;
}

}  // namespace patchbay::identity
