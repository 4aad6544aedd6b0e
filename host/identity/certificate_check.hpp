// SPDX-License-Identifier: Apache-2.0
/// \file
/// What became of the examination of a certificate. To the agent all refusals look the same
/// ("Certificate validation failed"); code and sentence are for the log and the operator.
#pragma once

#include "identity/certificate.hpp"
#include "identity/public_key.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::identity {

enum class CertificateVerdict : std::uint8_t {
    valid,
    unreadable,         ///< not the JSON object that a certificate is
    bad_signature,      ///< changed, or signed with a key that this host does not have (any more)
    expired,            ///< `expires_at` is past
    not_yet_valid,      ///< `issued_at` is further in the future than clocks may differ
    lifetime_too_long,  ///< longer than certificates live here
    other_agent,        ///< good, but for another agent id than the one that was asked about
    superseded,         ///< a newer certificate of the claim is in use
    revoked,            ///< by the operator
    unclaimed           ///< released, or its claim is not in the store
};

/// "identity.certificate_valid", "identity.certificate_expired", ...
[[nodiscard]] std::string_view code_of(CertificateVerdict verdict) noexcept;

struct CertificateCheck {
    CertificateVerdict verdict = CertificateVerdict::unreadable;
    /// As the certificate says, also when it is refused; empty when unreadable.
    std::string agent_id;
    /// The claim that it proves (`ClaimInfo::claim`); 0 unless valid.
    std::uint64_t claim = 0;
    /// Nanoseconds since 1970; 0 when unreadable.
    std::uint64_t expires_at = 0;
    /// Names the certificate; zeros when unreadable.
    Digest digest{};
    /// The key that is bound to the claim: then the certificate alone is not enough. Only when
    /// valid.
    std::optional<PublicKey> public_key;
    /// What is wrong in particular, for `sentence`.
    std::string detail;

    [[nodiscard]] bool valid() const noexcept { return verdict == CertificateVerdict::valid; }
    [[nodiscard]] std::string_view code() const noexcept { return code_of(verdict); }
    /// For the log: what is wrong with it, and what to do.
    [[nodiscard]] std::string sentence() const;
};

}  // namespace patchbay::identity
