// SPDX-License-Identifier: Apache-2.0
/// \file
/// Proofs of representation for instances whose class has `cert_requests`, behind the extension
/// patchbay.proofs/1. This room defines what it needs; host/proofs makes and checks them.
#pragma once

#include "config/cert_request.hpp"

#include <patchbay/result.hpp>

#include <string>
#include <vector>

namespace patchbay::plugins {

/// A proof that was found good; fields as in `patchbay_proof` of abi.h.
struct Proof {
    std::string identifier;
    std::string ledger_id;
    std::string public_key;
    std::string not_before;
    std::string not_after;
    std::string message;
    std::string signature;
    std::string signer_public_key;
    std::string signer_address;
    std::string path;
};

struct ProofCheck {
    /// In the order of the requests.
    std::vector<Proof> proofs;
    /// One for each request without a proof.
    std::vector<Error> problems;
};

class ProofSource {
  public:
    ProofSource() = default;
    ProofSource(const ProofSource&) = delete;
    ProofSource& operator=(const ProofSource&) = delete;
    virtual ~ProofSource() = default;

    /// Looks for the proof of each request and checks it as of now. Called before each connect of
    /// an instance, from any thread; may block.
    [[nodiscard]] virtual ProofCheck proofs_for(
        const std::vector<config::CertRequest>& requests) = 0;
};

}  // namespace patchbay::plugins
