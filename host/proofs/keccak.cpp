// SPDX-License-Identifier: Apache-2.0
#include "proofs/keccak.hpp"

#if defined(PATCHBAY_HAS_BOTAN)
#include <botan/hash.h>
#endif

namespace patchbay::proofs {

#if defined(PATCHBAY_HAS_BOTAN)

bool has_keccak() {
    return true;
}

Result<std::string> keccak_256(std::string_view bytes) {
    const auto hash = Botan::HashFunction::create("Keccak-1600(256)");
    if (hash == nullptr) {
        return failure(ErrorClass::unsupported, "proof.no_keccak",
                       "The Botan library of this machine has no Keccak-256.");
    }
    hash->update(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    std::string digest(hash->output_length(), '\0');
    hash->final(reinterpret_cast<std::uint8_t*>(digest.data()));
    return digest;
}

#else

bool has_keccak() {
    return false;
}

Result<std::string> keccak_256(std::string_view) {
    return failure(ErrorClass::unsupported, "proof.no_keccak",
                   "This host was built without Botan, which has Keccak-256.");
}

#endif

}  // namespace patchbay::proofs
