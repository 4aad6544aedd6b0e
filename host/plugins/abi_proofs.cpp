// SPDX-License-Identifier: Apache-2.0
// The extension patchbay.proofs/1 as a table of thunks.
#include "multiplexer/envelope_array.hpp"
#include "plugins/abi_host.hpp"

#include <algorithm>
#include <array>

namespace patchbay::plugins {
namespace {

using Texts = std::array<const std::string*, 10>;

/// In the order of the struct's fields.
Texts texts_of(const Proof& proof) {
    return {&proof.identifier,     &proof.ledger_id, &proof.public_key, &proof.not_before,
            &proof.not_after,      &proof.message,   &proof.signature,  &proof.signer_public_key,
            &proof.signer_address, &proof.path};
}

patchbay_status PATCHBAY_CALL proofs_list(const patchbay_host* host, patchbay_array* items,
                                          patchbay_block** block) noexcept {
    AbiHost& self = AbiHost::from(host);
    auto* generation = self.generation.load();
    if (items == nullptr || block == nullptr || generation == nullptr) {
        return PATCHBAY_INVALID;
    }
    return guarded(self, patchbay_status{PATCHBAY_FAILED}, [&]() -> patchbay_status {
        const auto proofs = self.proofs();
        const std::uint32_t capacity = items->count;
        items->count = static_cast<std::uint32_t>(proofs->size());
        *block = nullptr;
        if (proofs->size() > capacity) {
            return PATCHBAY_OVERLOADED;
        }
        std::size_t size = 1;
        for (const Proof& proof : *proofs) {
            for (const std::string* text : texts_of(proof)) {
                size += text->size();
            }
        }
        patchbay_buffer buffer{};
        patchbay_array buffers{sizeof(patchbay_array), sizeof(patchbay_buffer), 1, 0, &buffer};
        if (const patchbay_status status = generation->allocate(size, &buffers);
            status != PATCHBAY_OK) {
            items->count = 0;
            return status;
        }
        auto* free = reinterpret_cast<char*>(buffer.data);
        for (std::uint32_t at = 0; at < items->count; ++at) {
            std::array<patchbay_string, std::tuple_size_v<Texts>> views{};
            const Texts texts = texts_of((*proofs)[at]);
            for (std::size_t i = 0; i < texts.size(); ++i) {
                std::copy(texts[i]->begin(), texts[i]->end(), free);
                views[i] = {free, texts[i]->size()};
                free += texts[i]->size();
            }
            const patchbay_proof proof{views[0], views[1], views[2], views[3], views[4],
                                       views[5], views[6], views[7], views[8], views[9]};
            multiplexer::write_item(*items, at, proof);
        }
        *block = buffer.block;
        return PATCHBAY_OK;
    });
}

constexpr patchbay_proofs proofs_table = {sizeof(patchbay_proofs), proofs_list};

}  // namespace

const patchbay_proofs* proofs_extension() {
    return &proofs_table;
}

}  // namespace patchbay::plugins
