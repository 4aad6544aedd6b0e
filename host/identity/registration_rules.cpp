// SPDX-License-Identifier: Apache-2.0
#include "identity/registration_rules.hpp"

namespace patchbay::identity {

namespace {

using Verdict = RegistrationVerdict;

/// As upstream: claims are not looked at, and whoever insists gets the id.
Verdict judge_as_upstream(const RegistrationFacts& facts) noexcept {
    switch (facts.holder) {
        case Holder::nobody:
        case Holder::away:
            return Verdict::accept;
        case Holder::same_connection:
            return Verdict::update;
        case Holder::connected:
            break;
    }
    switch (facts.certificate) {
        case Proof::good:
            return Verdict::replace;
        case Proof::bad:
            return Verdict::connected_bad_certificate;
        case Proof::absent:
            break;
    }
    return facts.force ? Verdict::replace : Verdict::connected;
}

Verdict accept_in_place_of(Holder holder) noexcept {
    switch (holder) {
        case Holder::same_connection:
            return Verdict::update;
        case Holder::connected:
            return Verdict::replace;
        case Holder::nobody:
        case Holder::away:
            break;
    }
    return Verdict::accept;
}

Verdict judge_claimed(const RegistrationFacts& facts) noexcept {
    if (facts.certificate != Proof::good) {
        return facts.certificate == Proof::absent ? Verdict::certificate_required
                                                  : Verdict::certificate_refused;
    }
    if (facts.has_key && facts.key != Proof::good) {
        return facts.key == Proof::absent ? Verdict::proof_required : Verdict::proof_refused;
    }
    return accept_in_place_of(facts.holder);
}

Verdict judge_unclaimed(const RegistrationFacts& facts) noexcept {
    if (facts.holder != Holder::connected) {
        return accept_in_place_of(facts.holder);
    }
    // A certificate of an id that nobody has claimed proves nothing, and one that is shown and does
    // not hold is worse than none, as upstream has it.
    if (facts.certificate != Proof::absent) {
        return Verdict::connected_bad_certificate;
    }
    if (!facts.force) {
        return Verdict::connected;
    }
    return facts.legacy_force || facts.holder_is_silent ? Verdict::replace : Verdict::probe;
}

}  // namespace

RegistrationVerdict judge(const RegistrationFacts& facts) noexcept {
    if (facts.revoked) {
        return Verdict::revoked;
    }
    if (facts.openagents_05) {
        return judge_as_upstream(facts);
    }
    return facts.claimed ? judge_claimed(facts) : judge_unclaimed(facts);
}

}  // namespace patchbay::identity
