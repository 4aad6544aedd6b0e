// SPDX-License-Identifier: Apache-2.0
/// \file
/// A claim as it is kept, in memory and on the disk.
#pragma once

#include "identity/certificate.hpp"
#include "identity/public_key.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::identity {

/// A certificate that may still be presented.
struct LiveCertificate {
    /// Its certificate_hash.
    Digest digest{};
    /// Nanoseconds since 1970.
    std::uint64_t expires_at = 0;
};

/// The one in use, and renewals of which none has been used yet.
inline constexpr std::size_t max_live_certificates = 4;

struct StoredClaim {
    std::string agent_id;
    std::uint64_t number = 0;
    std::uint64_t claimed_at = 0;
    /// Oldest first; the last one is the newest.
    std::vector<LiveCertificate> certificates;
    std::optional<PublicKey> public_key;
    bool provisioned = false;
    bool revoked = false;

    [[nodiscard]] std::uint64_t expires_at() const {
        return certificates.empty() ? 0 : certificates.back().expires_at;
    }
    /// Whether the id is its owner's, or blocked, at that time.
    [[nodiscard]] bool in_force(std::uint64_t wall) const {
        return provisioned || revoked || wall <= expires_at();
    }
    /// Index of a certificate among the live ones.
    [[nodiscard]] std::optional<std::size_t> index_of(const Digest& digest) const {
        const auto found =
            std::find_if(certificates.begin(), certificates.end(),
                         [&digest](const LiveCertificate& live) { return live.digest == digest; });
        if (found == certificates.end()) {
            return std::nullopt;
        }
        return static_cast<std::size_t>(found - certificates.begin());
    }
};

}  // namespace patchbay::identity
