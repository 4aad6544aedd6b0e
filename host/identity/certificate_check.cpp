// SPDX-License-Identifier: Apache-2.0
#include "identity/certificate_check.hpp"

namespace patchbay::identity {

std::string_view code_of(CertificateVerdict verdict) noexcept {
    switch (verdict) {
        case CertificateVerdict::valid:
            return "identity.certificate_valid";
        case CertificateVerdict::unreadable:
            return "identity.certificate_unreadable";
        case CertificateVerdict::bad_signature:
            return "identity.certificate_bad_signature";
        case CertificateVerdict::expired:
            return "identity.certificate_expired";
        case CertificateVerdict::not_yet_valid:
            return "identity.certificate_not_yet_valid";
        case CertificateVerdict::lifetime_too_long:
            return "identity.certificate_lifetime_too_long";
        case CertificateVerdict::other_agent:
            return "identity.certificate_other_agent";
        case CertificateVerdict::superseded:
            return "identity.certificate_superseded";
        case CertificateVerdict::revoked:
            return "identity.certificate_revoked";
        case CertificateVerdict::unclaimed:
            return "identity.certificate_unclaimed";
    }
    return "identity.certificate_unreadable";
}

std::string CertificateCheck::sentence() const {
    const auto about = [this](const std::string& what) {
        return "The certificate of " + agent_id + ' ' + what + (detail.empty() ? "" : " " + detail);
    };
    switch (verdict) {
        case CertificateVerdict::valid:
            return about("is valid.");
        case CertificateVerdict::unreadable:
            return detail.empty() ? "The certificate cannot be read." : detail;
        case CertificateVerdict::bad_signature:
            return about(
                "was changed, or signed with a key that this host does not have (any more).");
        case CertificateVerdict::expired:
            return about("has expired; claim the id again.");
        case CertificateVerdict::not_yet_valid:
            return about("was issued in the future; check the clocks.");
        case CertificateVerdict::lifetime_too_long:
            return about("is valid for longer than identity.certificate_ttl_hours allows.");
        case CertificateVerdict::other_agent:
            return about("is for another agent id than the one it was presented for.");
        case CertificateVerdict::superseded:
            return about("was replaced by a newer one, which must be used.");
        case CertificateVerdict::revoked:
            return about("was revoked by the operator.");
        case CertificateVerdict::unclaimed:
            return about("belongs to no claim: it was released, or has lapsed.");
    }
    return "The certificate cannot be read.";
}

}  // namespace patchbay::identity
