// SPDX-License-Identifier: Apache-2.0
/// \file
/// Issues certificates, and judges those that agents present: signature, times, and whether the
/// claim they prove still stands by them. From memory; any thread.
#pragma once

#include "identity/certificate_check.hpp"
#include "identity/claim_table.hpp"
#include "identity/identity_clock.hpp"
#include "identity/signing_keys.hpp"
#include "identity/verified_certificates.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::identity {

struct CertificateRules {
    std::chrono::nanoseconds lifetime = std::chrono::hours(24);
    std::chrono::nanoseconds clock_skew = std::chrono::seconds(60);
    /// Certificates whose signature is remembered.
    std::size_t remembered = 4'096;
};

struct IssuedCertificate {
    std::string json;
    LiveCertificate live;
};

/// Thread-safe, but for `issue`.
class CertificateJudge {
  public:
    /// All must outlive it.
    CertificateJudge(CertificateRules rules, const ClaimTable& claims, const SigningKeys& keys,
                     const IdentityClock& clock);

    [[nodiscard]] CertificateCheck check(std::string_view json,
                                         std::string_view expected_agent_id) const;
    /// No two are equal, however fast they are asked for. One thread at a time.
    [[nodiscard]] IssuedCertificate issue(std::string_view agent_id);

    [[nodiscard]] std::uint64_t checked() const { return checked_.load(); }
    [[nodiscard]] std::uint64_t refused() const { return refused_.load(); }
    [[nodiscard]] std::uint64_t cache_hits() const { return cache_hits_.load(); }

  private:
    void judge(std::string_view json, std::string_view expected_agent_id,
               CertificateCheck& check) const;
    /// Reads it and verifies its signature.
    bool read(std::string_view json, std::uint64_t wall, Certificate& certificate,
              CertificateCheck& check) const;

    const CertificateRules rules_;
    const ClaimTable& claims_;
    const SigningKeys& keys_;
    const IdentityClock& clock_;
    std::int64_t last_issued_ = 0;  ///< microseconds
    mutable VerifiedCertificates verified_;
    mutable std::atomic<std::uint64_t> checked_{0};
    mutable std::atomic<std::uint64_t> refused_{0};
    mutable std::atomic<std::uint64_t> cache_hits_{0};
};

}  // namespace patchbay::identity
