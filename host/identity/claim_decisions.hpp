// SPDX-License-Identifier: Apache-2.0
/// \file
/// What becomes of each request to change a claim. Used by the writer's thread alone, inside a
/// transaction: decisions of one transaction see each other, and become visible in the table when
/// it is on the disk (`settle`).
///
/// The outer result fails when the store failed, the inner one is the decision.
#pragma once

#include "identity/certificate_judge.hpp"
#include "identity/claim_store.hpp"
#include "identity/claim_table.hpp"
#include "identity/claims.hpp"
#include "identity/identity_clock.hpp"

#include <patchbay/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace patchbay::identity {

class ClaimDecisions {
  public:
    template <class T>
    using Decision = Result<Result<T>>;

    /// All must outlive it.
    ClaimDecisions(const ClaimsOptions& options, ClaimTable& table, CertificateJudge& judge,
                   const IdentityClock& clock)
        : options_(options), table_(table), judge_(judge), clock_(clock) {}

    /// `presented` is what became of `request.certificate`, if there was one.
    [[nodiscard]] Decision<ClaimOutcome> claim(ClaimStore& store, const ClaimRequest& request,
                                               const CertificateCheck* presented);
    [[nodiscard]] Decision<ClaimOutcome> renew(ClaimStore& store, const OwnerRequest& request,
                                               bool void_earlier);
    [[nodiscard]] Decision<void> release(ClaimStore& store, const OwnerRequest& request);
    [[nodiscard]] Decision<void> revoke(ClaimStore& store, std::string_view agent_id);
    [[nodiscard]] Decision<void> mark_used(ClaimStore& store, const CertificateCheck& certificate);
    [[nodiscard]] Decision<IssuedToken> issue_token(ClaimStore& store, const TokenRequest& request);

    /// Removes some of the claims that lapsed at least `after` ago.
    [[nodiscard]] Result<void> sweep(ClaimStore& store, std::uint64_t after);
    /// The transaction is on the disk, or (false) was rolled back.
    void settle(bool committed);

  private:
    [[nodiscard]] std::optional<StoredClaim> find(std::string_view agent_id) const;
    [[nodiscard]] Result<void> put(ClaimStore& store, StoredClaim claim);
    [[nodiscard]] Result<void> remove(ClaimStore& store, std::string_view agent_id);

    /// Why a claim that is in force may not be taken; nothing when it may.
    [[nodiscard]] std::optional<Error> refuse_force(const ClaimRequest& request,
                                                    const StoredClaim& claim,
                                                    const CertificateCheck* presented) const;
    /// Why an id that is free may not be claimed. Spends the token.
    [[nodiscard]] Result<std::optional<Error>> refuse_new(ClaimStore& store,
                                                          const ClaimRequest& request);
    [[nodiscard]] Result<std::optional<Error>> spend_token(ClaimStore& store,
                                                           const ClaimRequest& request);
    [[nodiscard]] std::optional<Error> refuse_owner(const OwnerRequest& request,
                                                    const std::optional<StoredClaim>& claim) const;
    /// Claims that there will be after this transaction.
    [[nodiscard]] std::size_t count() const { return table_.size() + added_ - removed_; }

    const ClaimsOptions& options_;
    ClaimTable& table_;
    CertificateJudge& judge_;
    const IdentityClock& clock_;
    /// Changed in this transaction; nothing = removed.
    std::unordered_map<std::string, std::optional<StoredClaim>> staged_;
    std::size_t added_ = 0;
    std::size_t removed_ = 0;
};

}  // namespace patchbay::identity
