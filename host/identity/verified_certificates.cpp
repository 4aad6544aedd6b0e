// SPDX-License-Identifier: Apache-2.0
#include "identity/verified_certificates.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <bit>

namespace patchbay::identity {

VerifiedCertificates::VerifiedCertificates(std::size_t places)
    : places_(std::bit_ceil(std::max<std::size_t>(1, places))) {}

bool VerifiedCertificates::find(std::string_view json, std::uint64_t epoch,
                                Certificate& certificate) const {
    const std::size_t hash = std::hash<std::string_view>()(json);
    const std::size_t index = place_of(hash);
    const std::lock_guard lock(locks_[index % lock_count]);
    const Place& place = places_[index];
    // Who could make a text with the same hash would have to know the signature in the other one.
    if (place.hash != hash || place.epoch != epoch || place.json.size() != json.size() ||
        json.empty() || CRYPTO_memcmp(place.json.data(), json.data(), json.size()) != 0) {
        return false;
    }
    certificate = place.certificate;
    return true;
}

void VerifiedCertificates::add(std::string_view json, std::uint64_t epoch,
                               const Certificate& certificate) {
    if (json.size() > max_cached_certificate_bytes) {
        return;
    }
    const std::size_t hash = std::hash<std::string_view>()(json);
    const std::size_t index = place_of(hash);
    const std::lock_guard lock(locks_[index % lock_count]);
    Place& place = places_[index];
    place.hash = hash;
    place.epoch = epoch;
    place.json = json;
    place.certificate = certificate;
}

}  // namespace patchbay::identity
