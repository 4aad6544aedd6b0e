// SPDX-License-Identifier: Apache-2.0
#include "app/proof_service.hpp"

#include <chrono>
#include <utility>

namespace patchbay::app {

plugins::ProofCheck ProofService::proofs_for(const std::vector<config::CertRequest>& requests) {
    plugins::ProofCheck check;
    for (const config::CertRequest& request : requests) {
        Result<proofs::Certificate> found =
            certificates_.load(request, std::chrono::system_clock::now());
        if (!found) {
            check.problems.push_back(std::move(found.error()));
            continue;
        }
        check.proofs.push_back({request.identifier, request.ledger_id, std::move(found->public_key),
                                request.not_before, request.not_after, std::move(found->message),
                                std::move(found->signature), std::move(found->signer_public_key),
                                std::move(found->signer_address), std::move(found->path)});
    }
    return check;
}

}  // namespace patchbay::app
