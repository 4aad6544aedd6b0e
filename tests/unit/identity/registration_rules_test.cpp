// SPDX-License-Identifier: Apache-2.0
/// \file
/// Each branch of upstream's registration (reference, section 4) with our answer, and the answer
/// under `compatibility: openagents-0.5`.
#include "identity/registration_rules.hpp"

#include <gtest/gtest.h>

namespace patchbay::identity {
namespace {

using enum RegistrationVerdict;

RegistrationFacts upstream(RegistrationFacts facts) {
    facts.openagents_05 = true;
    return facts;
}

TEST(RegistrationRules, BranchNotConnectedAndUnclaimedIsAcceptedWhateverCertificateItShows) {
    for (const Proof certificate : {Proof::absent, Proof::good, Proof::bad}) {
        for (const bool force : {false, true}) {
            const RegistrationFacts facts{.force = force, .certificate = certificate};
            EXPECT_EQ(judge(facts), accept);
            EXPECT_EQ(judge(upstream(facts)), accept);
        }
    }
}

TEST(RegistrationRules, Weakness3BranchNotConnectedButClaimedNeedsTheCertificate) {
    const RegistrationFacts none{.claimed = true};
    EXPECT_EQ(judge(none), certificate_required);
    EXPECT_EQ(judge({.force = true, .claimed = true}), certificate_required);
    EXPECT_EQ(judge({.certificate = Proof::bad, .claimed = true}), certificate_refused);
    EXPECT_EQ(judge({.certificate = Proof::good, .claimed = true}), accept);
    EXPECT_EQ(judge(upstream(none)), accept);
}

TEST(RegistrationRules, BranchConnectedWithoutCertificateAndForceIsRefused) {
    const RegistrationFacts facts{.holder = Holder::connected};
    EXPECT_EQ(judge(facts), connected);
    EXPECT_EQ(judge(upstream(facts)), connected);
}

TEST(RegistrationRules, BranchConnectedUnclaimedWithForceIsProbedFirst) {
    const RegistrationFacts facts{.holder = Holder::connected, .force = true};
    EXPECT_EQ(judge(facts), probe);
    RegistrationFacts silent = facts;
    silent.holder_is_silent = true;
    EXPECT_EQ(judge(silent), replace);
    EXPECT_EQ(judge(upstream(facts)), replace);
}

TEST(RegistrationRules, LegacyForceReplacesAnUnclaimedHolderAtOnceButNoOwner) {
    EXPECT_EQ(judge({.holder = Holder::connected, .force = true, .legacy_force = true}), replace);
    EXPECT_EQ(judge({.holder = Holder::connected, .legacy_force = true}), connected);
    EXPECT_EQ(
        judge({.holder = Holder::connected, .force = true, .claimed = true, .legacy_force = true}),
        certificate_required);
}

TEST(RegistrationRules, Weakness4BranchConnectedOwnerIsNotForcedAwayWithoutCertificate) {
    const RegistrationFacts facts{.holder = Holder::connected, .force = true, .claimed = true};
    EXPECT_EQ(judge(facts), certificate_required);
    EXPECT_EQ(judge(upstream(facts)), replace);
}

TEST(RegistrationRules, BranchConnectedWithValidCertificateReplaces) {
    for (const bool force : {false, true}) {
        const RegistrationFacts facts{.holder = Holder::connected,
                                      .force = force,
                                      .certificate = Proof::good,
                                      .claimed = true};
        EXPECT_EQ(judge(facts), replace);
        EXPECT_EQ(judge(upstream(facts)), replace);
    }
}

TEST(RegistrationRules, Weakness5BranchConnectedWithACertificateOfAnotherIdIsRefused) {
    // A certificate of another id is bad for this one; upstream's rules take it as good.
    EXPECT_EQ(judge({.holder = Holder::connected, .certificate = Proof::bad, .claimed = true}),
              certificate_refused);
    EXPECT_EQ(judge({.holder = Holder::connected, .certificate = Proof::bad}),
              connected_bad_certificate);
    EXPECT_EQ(judge(upstream({.holder = Holder::connected, .certificate = Proof::good})), replace);
}

TEST(RegistrationRules, BranchConnectedWithInvalidCertificateIsRefusedWithAndWithoutForce) {
    for (const bool force : {false, true}) {
        const RegistrationFacts facts{
            .holder = Holder::connected, .force = force, .certificate = Proof::bad};
        EXPECT_EQ(judge(facts), connected_bad_certificate);
        EXPECT_EQ(judge(upstream(facts)), connected_bad_certificate);
        RegistrationFacts claimed = facts;
        claimed.claimed = true;
        EXPECT_EQ(judge(claimed), certificate_refused);
    }
}

TEST(RegistrationRules, ABadCertificateIsWorseThanNoneAlsoWhenTheHolderIsSilent) {
    EXPECT_EQ(judge({.holder = Holder::connected,
                     .force = true,
                     .certificate = Proof::bad,
                     .holder_is_silent = true}),
              connected_bad_certificate);
}

TEST(RegistrationRules, WhoeverIsAwayIsNotInTheWay) {
    EXPECT_EQ(judge({.holder = Holder::away}), accept);
    EXPECT_EQ(judge(upstream({.holder = Holder::away})), accept);
    EXPECT_EQ(judge({.holder = Holder::away, .claimed = true}), certificate_required);
    EXPECT_EQ(judge({.holder = Holder::away, .certificate = Proof::good, .claimed = true}), accept);
}

TEST(RegistrationRules, Weakness22TheSameConnectionKeepsItsSession) {
    for (const bool force : {false, true}) {
        EXPECT_EQ(judge({.holder = Holder::same_connection, .force = force}), update);
        EXPECT_EQ(judge(upstream({.holder = Holder::same_connection, .force = force})), update);
    }
    EXPECT_EQ(judge({.holder = Holder::same_connection, .claimed = true}), certificate_required);
}

TEST(RegistrationRules, ABoundKeyIsNeededBesideTheCertificate) {
    RegistrationFacts facts{.certificate = Proof::good, .claimed = true, .has_key = true};
    EXPECT_EQ(judge(facts), proof_required);
    facts.key = Proof::bad;
    EXPECT_EQ(judge(facts), proof_refused);
    facts.key = Proof::good;
    EXPECT_EQ(judge(facts), accept);
    facts.certificate = Proof::absent;
    EXPECT_EQ(judge(facts), certificate_required) << "the key alone is not enough";
}

TEST(RegistrationRules, ARevokedIdIsNobodys) {
    RegistrationFacts facts{.certificate = Proof::good, .claimed = true, .revoked = true};
    EXPECT_EQ(judge(facts), revoked);
    EXPECT_EQ(judge(upstream(facts)), revoked);
}

}  // namespace
}  // namespace patchbay::identity
