// SPDX-License-Identifier: Apache-2.0
#include <patchbay/proofs.hpp>

#include <algorithm>
#include <cstring>

namespace patchbay {
namespace {

std::string copy_of(patchbay_string text) {
    return std::string(to_view(text));
}

/// Item of an array as this header knows it: what lies beyond the stride is zero.
patchbay_proof proof_at(const patchbay_array& array, std::uint32_t index) {
    patchbay_proof proof{};
    std::memcpy(&proof, patchbay_array_at(&array, index),
                std::min<std::size_t>(array.stride, sizeof proof));
    return proof;
}

}  // namespace

Result<std::vector<Proof>> proofs_of(const Host& host) {
    const auto* table = host.extension<patchbay_proofs>(PATCHBAY_PROOFS_EXTENSION);
    if (table == nullptr) {
        return failure(ErrorClass::unsupported, "host.no_extension",
                       "The host does not offer " PATCHBAY_PROOFS_EXTENSION ".");
    }
    std::vector<patchbay_proof> items(PATCHBAY_MOST_PROOFS);
    patchbay_array array{sizeof(patchbay_array), sizeof(patchbay_proof), PATCHBAY_MOST_PROOFS, 0,
                         items.data()};
    patchbay_block* block = nullptr;
    const patchbay_status status = table->list(host.abi(), &array, &block);
    if (status != PATCHBAY_OK) {
        return failure(ErrorClass::failed, "proofs.not_read",
                       "The host did not hand out the proofs of representation (status " +
                           std::to_string(status) + ").");
    }
    std::vector<Proof> proofs;
    for (std::uint32_t at = 0; at < array.count; ++at) {
        const patchbay_proof proof = proof_at(array, at);
        proofs.push_back({copy_of(proof.identifier), copy_of(proof.ledger_id),
                          copy_of(proof.public_key), copy_of(proof.not_before),
                          copy_of(proof.not_after), copy_of(proof.message),
                          copy_of(proof.signature), copy_of(proof.signer_public_key),
                          copy_of(proof.signer_address), copy_of(proof.path)});
    }
    if (block != nullptr) {
        host.abi()->release(host.abi(), nullptr, &block, 1);
    }
    return proofs;
}

}  // namespace patchbay
