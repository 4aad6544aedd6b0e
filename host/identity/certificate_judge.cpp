// SPDX-License-Identifier: Apache-2.0
#include "identity/certificate_judge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace patchbay::identity {

namespace {

constexpr std::int64_t microseconds_per_second = 1'000'000;
constexpr std::uint64_t nanoseconds_per_microsecond = 1'000;
/// Sums of doubles differ from the sum in decimals by less than this.
constexpr double rounding = 2e-6;

std::int64_t microseconds(std::uint64_t nanoseconds) {
    return static_cast<std::int64_t>(nanoseconds / nanoseconds_per_microsecond);
}

double seconds(std::chrono::nanoseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

/// Nanoseconds since 1970, within what can be counted.
std::uint64_t nanoseconds_of(double seconds) {
    constexpr double most = 9e9;  // the year 2255
    return static_cast<std::uint64_t>(std::llround(std::clamp(seconds, 0.0, most) * 1e6)) *
           nanoseconds_per_microsecond;
}

}  // namespace

CertificateJudge::CertificateJudge(CertificateRules rules, const ClaimTable& claims,
                                   const SigningKeys& keys, const IdentityClock& clock)
    : rules_(rules), claims_(claims), keys_(keys), clock_(clock), verified_(rules.remembered) {}

CertificateCheck CertificateJudge::check(std::string_view json,
                                         std::string_view expected_agent_id) const {
    CertificateCheck result;
    judge(json, expected_agent_id, result);
    checked_.fetch_add(1, std::memory_order_relaxed);
    if (!result.valid()) {
        refused_.fetch_add(1, std::memory_order_relaxed);
    }
    return result;
}

bool CertificateJudge::read(std::string_view json, std::uint64_t wall, Certificate& certificate,
                            CertificateCheck& check) const {
    const std::uint64_t epoch = keys_.epoch(wall);
    if (verified_.find(json, epoch, certificate)) {
        cache_hits_.fetch_add(1, std::memory_order_relaxed);
        return true;
    }
    Result<Certificate> read = read_certificate(json);
    if (!read) {
        check.verdict = CertificateVerdict::unreadable;
        check.detail = std::move(read.error().message);
        return false;
    }
    certificate = std::move(*read);
    const std::string canonical =
        canonical_text(certificate.agent_id, certificate.issued_at, certificate.expires_at);
    if (!keys_.verify(canonical, certificate.hash, certificate.signature, wall)) {
        check.verdict = CertificateVerdict::bad_signature;
        check.agent_id = std::move(certificate.agent_id);
        return false;
    }
    verified_.add(json, epoch, certificate);
    return true;
}

void CertificateJudge::judge(std::string_view json, std::string_view expected_agent_id,
                             CertificateCheck& check) const {
    const std::uint64_t wall = clock_.now();
    Certificate certificate;
    if (!read(json, wall, certificate, check)) {
        return;
    }
    check.agent_id = std::move(certificate.agent_id);
    check.digest = certificate.hash;
    check.expires_at = nanoseconds_of(certificate.expires_at.seconds);
    const double issued_at = certificate.issued_at.seconds;
    const double expires_at = certificate.expires_at.seconds;
    // Whole microseconds, so that the last moment of a certificate is the double that it says.
    const double now = CertificateTime::of_microseconds(microseconds(wall)).seconds;
    if (!expected_agent_id.empty() && check.agent_id != expected_agent_id) {
        check.verdict = CertificateVerdict::other_agent;
    } else if (!(expires_at - issued_at <= seconds(rules_.lifetime) + rounding)) {
        check.verdict = CertificateVerdict::lifetime_too_long;
    } else if (!(now <= expires_at)) {
        check.verdict = CertificateVerdict::expired;
    } else if (!(issued_at <= now + seconds(rules_.clock_skew))) {
        check.verdict = CertificateVerdict::not_yet_valid;
    } else {
        check.verdict = CertificateVerdict::unclaimed;
        claims_.look_at(check.agent_id, [&check](const StoredClaim& claim) {
            if (claim.revoked) {
                check.verdict = CertificateVerdict::revoked;
            } else if (claim.index_of(check.digest)) {
                check.verdict = CertificateVerdict::valid;
                check.claim = claim.number;
                check.public_key = claim.public_key;
            } else {
                check.verdict = CertificateVerdict::superseded;
            }
        });
    }
}

IssuedCertificate CertificateJudge::issue(std::string_view agent_id) {
    const std::int64_t now = microseconds(clock_.now());
    const std::int64_t lifetime =
        std::chrono::duration_cast<std::chrono::microseconds>(rules_.lifetime).count();
    // Later than the one before, so that no two are equal; but not after a clock that was wrong.
    std::int64_t issued_at = now;
    if (last_issued_ >= now && last_issued_ < now + microseconds_per_second) {
        issued_at = last_issued_ + 1;
    }
    // Readers in languages with one kind of number print 1640995200.0 as 1640995200, which has
    // another hash: whole seconds are avoided.
    while (issued_at % microseconds_per_second == 0 ||
           (issued_at + lifetime) % microseconds_per_second == 0) {
        ++issued_at;
    }
    last_issued_ = issued_at;
    Certificate certificate;
    certificate.agent_id = agent_id;
    certificate.issued_at = CertificateTime::of_microseconds(issued_at);
    certificate.expires_at = CertificateTime::of_microseconds(issued_at + lifetime);
    const SigningKeys::Signed made =
        keys_.sign(canonical_text(agent_id, certificate.issued_at, certificate.expires_at));
    certificate.hash = made.hash;
    certificate.signature = made.signature;
    return {to_json(certificate),
            {made.hash,
             static_cast<std::uint64_t>(issued_at + lifetime) * nanoseconds_per_microsecond}};
}

}  // namespace patchbay::identity
