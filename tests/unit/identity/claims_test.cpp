// SPDX-License-Identifier: Apache-2.0
#include "identity/claims.hpp"

#include "identity/stored_claim.hpp"
#include "unit/identity/claims_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace patchbay::identity {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Verdict = CertificateVerdict;

TEST_F(ClaimsTest, AClaimIsAnsweredWithACertificateThatIsValid) {
    start();
    const auto owned = claim("my-agent");
    ASSERT_TRUE(owned) << to_string(owned.error());
    const CertificateCheck check = claims->check(owned->certificate, "my-agent");
    EXPECT_TRUE(check.valid()) << check.sentence();
    EXPECT_EQ(check.agent_id, "my-agent");
    EXPECT_EQ(check.claim, owned->claim);
    EXPECT_EQ(check.expires_at, owned->expires_at);
    EXPECT_EQ(check.expires_at, clock.wall() + 86'400'000'000'000U);
    const auto info = claims->find("my-agent");
    ASSERT_TRUE(info);
    EXPECT_EQ(info->claim, owned->claim);
    EXPECT_FALSE(claims->find("other"));
}

TEST_F(ClaimsTest, AnotherClaimIsRefusedInUpstreamsWords) {
    start();
    ASSERT_TRUE(claim("my-agent"));
    const auto second = claim("my-agent");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "identity.already_claimed");
    EXPECT_EQ(second.error().message, "Agent ID my-agent is already claimed");
    ASSERT_TRUE(claims->flush(seconds(10)));
    EXPECT_EQ(events.text("identity.already_claimed").rfind("Agent ID already claimed", 0), 0U);
    EXPECT_EQ(claim("").error().message, "Missing agent_id");
}

TEST_F(ClaimsTest, Weakness23ClaimsAndCertificatesSurviveARestart) {
    start();
    const auto owned = claim("my-agent");
    ASSERT_TRUE(owned);
    start();
    EXPECT_EQ(verdict(*owned, "my-agent"), Verdict::valid);
    EXPECT_EQ(code_of_result(claim("my-agent")), "identity.already_claimed");
}

TEST_F(ClaimsTest, Weakness2ForceNeedsProofOfOwnership) {
    start();
    const auto owned = claim("my-agent");
    const auto stranger = claim("stranger");
    ClaimRequest force;
    force.agent_id = "my-agent";
    force.force = true;
    EXPECT_EQ(code_of_result(claim(force)), "identity.already_claimed");
    force.certificate = stranger->certificate;
    EXPECT_EQ(code_of_result(claim(force)), "identity.certificate_other_agent");
    force.certificate = "{}";
    EXPECT_EQ(code_of_result(claim(force)), "identity.certificate_unreadable");
    force.certificate.clear();
    force.proven_claim = stranger->claim;
    EXPECT_EQ(code_of_result(claim(force)), "identity.already_claimed");
    EXPECT_EQ(verdict(*owned), Verdict::valid);
}

TEST_F(ClaimsTest, Weakness2ForceWithProofReplacesAllCertificates) {
    start();
    const auto owned = claim("my-agent");
    ClaimRequest force;
    force.agent_id = "my-agent";
    force.force = true;
    force.certificate = owned->certificate;
    const auto again = claim(force);
    ASSERT_TRUE(again) << to_string(again.error());
    EXPECT_EQ(verdict(*owned), Verdict::superseded);
    EXPECT_EQ(verdict(*again), Verdict::valid);
    EXPECT_NE(again->claim, owned->claim);
    force.certificate.clear();
    force.proven_claim = again->claim;
    EXPECT_TRUE(claim(force));
    EXPECT_EQ(verdict(*again), Verdict::superseded);
}

TEST_F(ClaimsTest, Weakness2CompatibilityTrustsForceAndWarns) {
    options.openagents_05 = true;
    start();
    EXPECT_TRUE(events.has("identity.openagents_05"));
    const auto owned = claim("my-agent");
    ClaimRequest force;
    force.agent_id = "my-agent";
    force.force = true;
    EXPECT_TRUE(claim(force));
    EXPECT_EQ(verdict(*owned), Verdict::superseded);
}

TEST_F(ClaimsTest, Weakness3AClaimCountsWhileTheOwnerIsAway) {
    start();
    const auto owned = claim("my-agent");
    clock.advance(hours(23));
    start();
    const auto info = claims->find("my-agent");
    ASSERT_TRUE(info);
    EXPECT_EQ(info->expires_at, owned->expires_at);
    EXPECT_EQ(code_of_result(claim("my-agent")), "identity.already_claimed");
}

TEST_F(ClaimsTest, Weakness23AnExpiredClaimCanBeClaimedAtOnce) {
    start();
    const auto owned = claim("my-agent");
    clock.advance(hours(24));
    EXPECT_EQ(verdict(*owned), Verdict::valid) << "the last moment counts";
    EXPECT_EQ(code_of_result(claim("my-agent")), "identity.already_claimed");
    clock.advance(std::chrono::microseconds(1));
    EXPECT_EQ(verdict(*owned), Verdict::expired);
    EXPECT_FALSE(claims->find("my-agent"));
    const auto other = claim("my-agent");
    ASSERT_TRUE(other);
    EXPECT_EQ(verdict(*other), Verdict::valid);
    EXPECT_EQ(code_of_result(renew(*owned)), "identity.not_owner");
}

TEST_F(ClaimsTest, Weakness23ARenewalKeepsTheOldCertificateUntilTheNewOneIsUsed) {
    start();
    const auto first = claim("my-agent");
    clock.advance(hours(16));
    const auto second = renew(*first);
    ASSERT_TRUE(second) << to_string(second.error());
    EXPECT_EQ(second->claim, first->claim);
    EXPECT_GT(second->expires_at, first->expires_at);
    EXPECT_EQ(verdict(*first), Verdict::valid);
    EXPECT_EQ(verdict(*second), Verdict::valid);
    ASSERT_TRUE(use(*first)) << "the old one may still be used";
    EXPECT_EQ(verdict(*second), Verdict::valid);
    ASSERT_TRUE(use(*second));
    EXPECT_EQ(verdict(*first), Verdict::superseded);
    start();
    EXPECT_EQ(verdict(*first), Verdict::superseded);
    EXPECT_EQ(verdict(*second), Verdict::valid);
}

TEST_F(ClaimsTest, ARenewalMayVoidTheEarlierOnesAtOnce) {
    start();
    const auto first = claim("my-agent");
    const auto second = renew(*first, true);
    ASSERT_TRUE(second);
    EXPECT_EQ(verdict(*first), Verdict::superseded);
    EXPECT_EQ(verdict(*second), Verdict::valid);
}

TEST_F(ClaimsTest, RenewalsThatNobodyUsesAreBoundedAndSpareTheOneInUse) {
    start();
    const auto first = claim("my-agent");
    std::vector<ClaimOutcome> renewed;
    for (std::size_t i = 0; i < max_live_certificates + 2; ++i) {
        const auto next = renew(*first);
        ASSERT_TRUE(next);
        renewed.push_back(*next);
    }
    EXPECT_EQ(verdict(*first), Verdict::valid);
    EXPECT_EQ(verdict(renewed.front()), Verdict::superseded);
    EXPECT_EQ(verdict(renewed.back()), Verdict::valid);
}

TEST_F(ClaimsTest, RenewalIsForTheOwner) {
    start();
    const auto owned = claim("my-agent");
    const auto stranger = claim("stranger");
    EXPECT_EQ(code_of_result(renew({"my-agent", stranger->claim, {}, 0})), "identity.not_owner");
    EXPECT_EQ(code_of_result(renew({"my-agent", 0, {}, 0})), "identity.not_owner");
    EXPECT_EQ(code_of_result(renew({"nobody", owned->claim, {}, 0})), "identity.unclaimed");
}

TEST_F(ClaimsTest, Weakness23AReleasedIdIsFreeAndItsCertificateVoid) {
    start();
    const auto owned = claim("my-agent");
    EXPECT_EQ(code_of_result(release("my-agent", 0)), "identity.not_owner");
    EXPECT_TRUE(release("my-agent", owned->claim));
    EXPECT_EQ(verdict(*owned), Verdict::unclaimed);
    EXPECT_EQ(code_of_result(release("my-agent", owned->claim)), "identity.unclaimed");
    EXPECT_FALSE(claims->find("my-agent"));
    const auto next = claim("my-agent");
    ASSERT_TRUE(next);
    EXPECT_NE(next->claim, owned->claim);
    EXPECT_EQ(verdict(*owned), Verdict::superseded) << "not the same again, in the same moment";
}

TEST_F(ClaimsTest, Weakness23ARevokedIdIsBlockedUntilTheOperatorDecides) {
    start();
    const auto owned = claim("my-agent");
    EXPECT_EQ(code_of_result(revoke("nobody")), "identity.unclaimed");
    ASSERT_TRUE(revoke("my-agent"));
    EXPECT_EQ(verdict(*owned), Verdict::revoked);
    EXPECT_EQ(code_of_result(claim("my-agent")), "identity.revoked");
    EXPECT_EQ(code_of_result(renew(*owned)), "identity.revoked");
    EXPECT_EQ(code_of_result(release("my-agent", owned->claim)), "identity.revoked");
    ClaimRequest force;
    force.agent_id = "my-agent";
    force.force = true;
    force.proven_claim = owned->claim;
    EXPECT_EQ(code_of_result(claim(force)), "identity.revoked");
    clock.advance(hours(1'000));
    start();
    EXPECT_TRUE(claims->find("my-agent")->revoked);
    EXPECT_EQ(code_of_result(claim("my-agent")), "identity.revoked");
    ASSERT_TRUE(release("my-agent", 0, true));
    EXPECT_TRUE(claim("my-agent"));
}

TEST_F(ClaimsTest, TheOperatorGivesARevokedIdANewCertificate) {
    start();
    const auto owned = claim("my-agent");
    ASSERT_TRUE(revoke("my-agent"));
    ClaimRequest request;
    request.agent_id = "my-agent";
    request.by_operator = true;
    const auto fresh = claim(request);
    ASSERT_TRUE(fresh);
    EXPECT_EQ(verdict(*fresh), Verdict::valid);
    EXPECT_EQ(verdict(*owned), Verdict::superseded);
    EXPECT_EQ(code_of_result(claim(request)), "identity.already_claimed") << "needs force now";
}

TEST_F(ClaimsTest, Weakness1ClosedClaimsAreTheOperatorsAlone) {
    options.policy = ClaimPolicy::closed;
    start();
    EXPECT_EQ(code_of_result(claim("my-agent")), "identity.claims_closed");
    ClaimRequest request;
    request.agent_id = "my-agent";
    request.by_operator = true;
    const auto owned = claim(request);
    ASSERT_TRUE(owned);
    EXPECT_EQ(verdict(*owned), Verdict::valid);
    clock.advance(hours(25));
    start();
    EXPECT_EQ(verdict(*owned), Verdict::expired);
    const auto info = claims->find("my-agent");
    ASSERT_TRUE(info) << "what the operator claimed does not lapse";
    EXPECT_TRUE(info->provisioned);
}

TEST_F(ClaimsTest, Weakness1AClaimByTokenNeedsOneAndSpendsIt) {
    options.policy = ClaimPolicy::token;
    start();
    EXPECT_EQ(code_of_result(claim("my-agent")), "identity.token_required");
    const auto any = issue_token({});
    const auto bound = issue_token({"bound-agent", hours(1), "for the test"});
    ASSERT_TRUE(any);
    ASSERT_TRUE(bound);
    EXPECT_EQ(any->token.size(), 64U);
    EXPECT_EQ(claims->tokens(10)->size(), 2U);
    EXPECT_EQ(claims->tokens(10)->back().note, "for the test");

    ClaimRequest request;
    request.agent_id = "my-agent";
    request.token = "guess";
    EXPECT_EQ(code_of_result(claim(request)), "identity.token_refused");
    request.token = bound->token;
    EXPECT_EQ(code_of_result(claim(request)), "identity.token_refused");
    request.token = any->token;
    EXPECT_TRUE(claim(request));
    request.agent_id = "second";
    EXPECT_EQ(code_of_result(claim(request)), "identity.token_refused") << "spent";
    EXPECT_EQ(claims->tokens(10)->size(), 1U);
    start();
    EXPECT_EQ(code_of_result(claim(request)), "identity.token_refused") << "also after a restart";
    request.agent_id = "bound-agent";
    request.token = bound->token;
    EXPECT_TRUE(claim(request));
}

TEST_F(ClaimsTest, TokensExpireAndCanBeRevoked) {
    options.policy = ClaimPolicy::token;
    start();
    const auto first = issue_token({"", hours(1), ""});
    const auto second = issue_token({"", hours(3), ""});
    clock.advance(hours(2));
    ClaimRequest request;
    request.agent_id = "my-agent";
    request.token = first->token;
    EXPECT_EQ(code_of_result(claim(request)), "identity.token_refused");
    const auto revoke_second = [&] {
        return answer<void>(
            [&](Done then) { return claims->revoke_token(second->info.number, std::move(then)); });
    };
    EXPECT_TRUE(revoke_second());
    EXPECT_EQ(code_of_result(revoke_second()), "identity.unknown_token");
    request.token = second->token;
    EXPECT_EQ(code_of_result(claim(request)), "identity.token_refused");
}

TEST_F(ClaimsTest, ATokenIsNotSpentByAClaimThatIsRefused) {
    options.policy = ClaimPolicy::token;
    start();
    const auto token = issue_token({});
    const auto other = issue_token({});
    ClaimRequest request;
    request.agent_id = "my-agent";
    request.token = other->token;
    ASSERT_TRUE(claim(request));
    request.token = token->token;
    EXPECT_EQ(code_of_result(claim(request)), "identity.already_claimed");
    request.agent_id = "second";
    EXPECT_TRUE(claim(request));
}

TEST_F(ClaimsTest, TokensAreKeptAsHashesOnly) {
    options.policy = ClaimPolicy::token;
    start();
    const auto token = issue_token({});
    ASSERT_TRUE(claims->backup(folder.file("copy")));
    claims.reset();
    for (const char* name : {"identity.sqlite", "copy"}) {
        std::ifstream file(folder.file(name), std::ios::binary);
        const std::string content((std::istreambuf_iterator<char>(file)), {});
        EXPECT_EQ(content.find(token->token), std::string::npos);
    }
    EXPECT_FALSE(events.tells(token->token));
}

TEST_F(ClaimsTest, Weakness16ClaimsAreLimitedPerAddressAndInAll) {
    options.limits.claims_per_address = {3, hours(1)};
    options.limits.claims_in_all = {5, hours(1)};
    start();
    const auto from = [&](const std::string& agent_id, const std::string& remote) {
        ClaimRequest request;
        request.agent_id = agent_id;
        request.remote = remote;
        return code_of_result(claim(request));
    };
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(from("a" + std::to_string(i), "10.0.0.1:" + std::to_string(i)), "ok");
    }
    EXPECT_EQ(from("a3", "10.0.0.1:9"), "identity.rate_limited");
    EXPECT_EQ(from("b0", "10.0.0.2:1"), "ok");
    EXPECT_EQ(from("b1", "10.0.0.2:1"), "ok");
    EXPECT_EQ(from("c0", "10.0.0.3:1"), "identity.rate_limited") << "for all together";
    clock.advance(minutes(30));
    EXPECT_EQ(from("a3", "10.0.0.1:9"), "ok");
    EXPECT_TRUE(events.has("identity.rate_limited"));
}

TEST_F(ClaimsTest, Weakness16TheNumberOfClaimsIsBounded) {
    options.limits.claims = 3;
    start();
    for (const char* id : {"a", "b", "c"}) {
        ASSERT_TRUE(claim(id));
    }
    EXPECT_EQ(code_of_result(claim("d")), "identity.too_many_claims");
    clock.advance(hours(25));
    EXPECT_TRUE(claim("d")) << "lapsed ones make room";
    EXPECT_EQ(claims->statistics().claims, 1U);
}

TEST_F(ClaimsTest, Weakness16TokensAndTheAuditLogAreBounded) {
    options.limits.tokens = 2;
    options.limits.audit_rows = 100;
    start();
    ASSERT_TRUE(issue_token({}));
    ASSERT_TRUE(issue_token({}));
    EXPECT_EQ(code_of_result(issue_token({})), "identity.too_many_tokens");
    for (int i = 0; i < 500; ++i) {
        claims->audit({0, "test", "ok", std::to_string(i), "operator", {}});
    }
    ASSERT_TRUE(claims->flush(seconds(10)));
    const auto log = claims->audit_log(1'000);
    ASSERT_TRUE(log);
    EXPECT_LE(log->size(), 164U);
    EXPECT_GE(log->size(), 100U);
    EXPECT_EQ(log->front().agent_id, "499");
}

TEST_F(ClaimsTest, Weakness16ValidationsAreLimited) {
    options.limits.validations_per_address = {2, minutes(1)};
    start();
    const auto owned = claim("my-agent");
    EXPECT_TRUE(claims->validate(owned->certificate, "10.0.0.1:1")->valid());
    EXPECT_TRUE(claims->admit_validation("10.0.0.1:2"));
    EXPECT_EQ(code_of_result(claims->validate(owned->certificate, "10.0.0.1:3")),
              "identity.rate_limited");
    EXPECT_TRUE(claims->validate(owned->certificate, "10.0.0.2:1")->valid());
}

TEST_F(ClaimsTest, Weakness16WhoIsRefusedForRatesDoesNotFillTheAuditLog) {
    options.limits.claims_per_address = {1, hours(1)};
    start();
    ASSERT_TRUE(claim("a"));
    for (int i = 0; i < 200; ++i) {
        EXPECT_EQ(code_of_result(claim("b")), "identity.rate_limited");
    }
    ASSERT_TRUE(claims->flush(seconds(10)));
    EXPECT_LE(claims->audit_log(1'000)->size(), 3U);
}

TEST_F(ClaimsTest, MissingCertificatesAreToldInUpstreamsWords) {
    start();
    for (const char* missing : {"", "  ", "{}", "null"}) {
        const auto result = claims->validate(missing, "127.0.0.1:1");
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, "identity.missing_certificate");
        EXPECT_EQ(result.error().message, "Missing certificate data");
    }
    const auto text = claims->validate("\"text\"", "127.0.0.1:1");
    ASSERT_TRUE(text);
    EXPECT_EQ(text->verdict, Verdict::unreadable);
}

TEST_F(ClaimsTest, Weakness15IdsThatAreNoneCannotBeClaimed) {
    start();
    EXPECT_EQ(code_of_result(claim("evil\u202e")), "identity.bad_agent_id");
    EXPECT_EQ(code_of_result(claim(std::string(1'000'000, 'x'))), "identity.bad_agent_id");
    EXPECT_EQ(code_of_result(claim("system")), "identity.reserved_agent_id");
    ASSERT_TRUE(claims->flush(seconds(10)));
    const auto log = claims->audit_log(10);
    ASSERT_TRUE(log);
    for (const AuditEntry& entry : *log) {
        EXPECT_LE(entry.agent_id.size(), std::size_t{512});
    }
}

TEST_F(ClaimsTest, Weakness6AClaimWithAKeyIsNotTakenWithTheCertificateAlone) {
    start();
    ClaimRequest request;
    request.agent_id = "my-agent";
    request.public_key = std::string(31, 'k');
    EXPECT_EQ(code_of_result(claim(request)), "identity.bad_public_key");
    request.public_key = std::string(32, 'k');
    const auto owned = claim(request);
    ASSERT_TRUE(owned);
    EXPECT_TRUE(claims->find("my-agent")->has_public_key);
    const CertificateCheck check = claims->check(owned->certificate);
    ASSERT_TRUE(check.public_key);
    EXPECT_EQ(check.public_key->front(), 'k');
    ClaimRequest stolen;
    stolen.agent_id = "my-agent";
    stolen.force = true;
    stolen.certificate = owned->certificate;
    EXPECT_EQ(code_of_result(claim(stolen)), "identity.not_owner");
    stolen.certificate.clear();
    stolen.proven_claim = owned->claim;
    ASSERT_TRUE(claim(stolen)) << "a session that proved the key";
    EXPECT_TRUE(claims->find("my-agent")->has_public_key) << "which it keeps";
    start();
    EXPECT_TRUE(claims->find("my-agent")->has_public_key);
}

TEST_F(ClaimsTest, Weakness26AClockThatIsWrongForAMomentChangesNothing) {
    start();
    const auto owned = claim("my-agent");
    clock.step(hours(48));
    EXPECT_EQ(verdict(*owned), Verdict::valid);
    EXPECT_EQ(code_of_result(claim("my-agent")), "identity.already_claimed");
    clock.advance(minutes(9));
    EXPECT_EQ(verdict(*owned), Verdict::valid);
    clock.step(-hours(48));
    clock.advance(minutes(30));
    EXPECT_EQ(verdict(*owned), Verdict::valid);
    clock.step(-hours(48));
    EXPECT_EQ(verdict(*owned), Verdict::valid);
}

TEST_F(ClaimsTest, Weakness26AClockThatStaysWhereItJumpedIsBelieved) {
    start();
    const auto owned = claim("my-agent");
    clock.step(hours(48));
    EXPECT_EQ(verdict(*owned), Verdict::valid);
    clock.advance(minutes(11));
    EXPECT_EQ(verdict(*owned), Verdict::expired);
}

TEST_F(ClaimsTest, Weakness26ClocksMayDifferByTheSkew) {
    start();
    const auto owned = claim("my-agent");
    clock.step(-seconds(50));
    start();  // the new clock is all that a new process has
    EXPECT_EQ(verdict(*owned), Verdict::valid);
    clock.step(-seconds(20));
    start();
    EXPECT_EQ(verdict(*owned), Verdict::not_yet_valid);
}

TEST_F(ClaimsTest, ALifetimeBeyondTheConfiguredOneIsRefused) {
    start();
    const auto owned = claim("my-agent");
    options.certificate_lifetime = hours(12);
    start();
    EXPECT_EQ(verdict(*owned), Verdict::lifetime_too_long);
}

TEST_F(ClaimsTest, CertificatesIssuedInOneMomentDiffer) {
    start();
    const auto first = claim("my-agent");
    ASSERT_TRUE(release("my-agent", first->claim));
    const auto second = claim("my-agent");
    EXPECT_NE(first->certificate, second->certificate);
}

TEST_F(ClaimsTest, TimesOfCertificatesAreNeverWholeSeconds) {
    clock.set_wall(1'754'592'348'000'000'000);
    start();
    const auto owned = claim("my-agent");
    EXPECT_EQ(owned->certificate.find(".0,"), std::string::npos) << owned->certificate;
    EXPECT_NE(owned->certificate.find("1754592348.000001"), std::string::npos)
        << owned->certificate;
}

TEST_F(ClaimsTest, ASecondLookAtACertificateNeedsNoSignature) {
    start();
    const auto owned = claim("my-agent");
    EXPECT_TRUE(claims->check(owned->certificate).valid());
    EXPECT_EQ(claims->statistics().cache_hits, 0U);
    EXPECT_TRUE(claims->check(owned->certificate).valid());
    EXPECT_EQ(claims->statistics().cache_hits, 1U);
    // What is remembered is the signature, not the verdict.
    EXPECT_EQ(claims->check(owned->certificate, "other").verdict, Verdict::other_agent);
    ASSERT_TRUE(revoke("my-agent"));
    EXPECT_EQ(verdict(*owned), Verdict::revoked);
    clock.advance(hours(25));
    EXPECT_EQ(verdict(*owned), Verdict::expired);
}

TEST_F(ClaimsTest, Weakness11CertificatesOfAReplacedKeyAreValidThroughTheOverlap) {
    options.key_overlap = hours(2);
    start();
    const auto owned = claim("my-agent");
    EXPECT_TRUE(claims->check(owned->certificate).valid());
    ASSERT_TRUE(claims->rotate_key());
    EXPECT_EQ(verdict(*owned), Verdict::valid);
    const auto other = claim("other");
    start();
    EXPECT_EQ(verdict(*owned), Verdict::valid);
    EXPECT_EQ(verdict(*other), Verdict::valid);
    EXPECT_EQ(claims->keys().size(), 2U);
    clock.advance(hours(2));
    EXPECT_EQ(verdict(*owned), Verdict::bad_signature);
    EXPECT_EQ(verdict(*other), Verdict::valid);
    EXPECT_EQ(claims->keys().size(), 1U);
}

TEST_F(ClaimsTest, TheAuditLogTellsWhoAskedForWhatAndWhatBecameOfIt) {
    start();
    const auto owned = claim("my-agent");
    (void)claim("my-agent");
    ASSERT_TRUE(revoke("my-agent"));
    (void)claims->validate("[]", "10.1.1.1:5");
    claims->audit({0, "register", "identity.proof_required", "x", "10.1.1.1:5", "why"});
    ASSERT_TRUE(claims->flush(seconds(10)));
    const auto log = claims->audit_log(10);
    ASSERT_TRUE(log);
    ASSERT_EQ(log->size(), 5U);
    EXPECT_EQ((*log)[0].action, "register");
    EXPECT_EQ((*log)[0].detail, "why");
    EXPECT_EQ((*log)[0].time, clock.wall());
    EXPECT_EQ((*log)[1].outcome, "identity.certificate_unreadable");
    EXPECT_EQ((*log)[1].remote, "10.1.1.1:5");
    EXPECT_EQ((*log)[2].action, "revoke");
    EXPECT_EQ((*log)[3].outcome, "identity.already_claimed");
    EXPECT_EQ((*log)[4].action, "claim");
    EXPECT_EQ((*log)[4].outcome, "ok");
    EXPECT_EQ((*log)[4].remote, "127.0.0.1:1");
    EXPECT_EQ(claims->audit_log(2)->size(), 2U);
}

TEST_F(ClaimsTest, ListsClaimsInForceByPages) {
    start();
    for (const char* id : {"d", "b", "a", "c"}) {
        ASSERT_TRUE(claim(id));
    }
    const auto first = claims->list("", 3);
    ASSERT_EQ(first.size(), 3U);
    EXPECT_EQ(first[0].agent_id, "a");
    EXPECT_EQ(first[2].agent_id, "c");
    const auto rest = claims->list("c", 3);
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].agent_id, "d");
    clock.advance(hours(25));
    EXPECT_TRUE(claims->list("", 3).empty());
}

TEST_F(ClaimsTest, TheQueueIsBounded) {
    options.limits.queue = 4;
    start();
    // The writer is held up in the first answer.
    std::promise<void> entered;
    std::promise<void> go_on;
    std::shared_future<void> released = go_on.get_future().share();
    ClaimRequest request;
    request.agent_id = "first";
    ASSERT_TRUE(claims->claim(request, [&entered, released](Result<ClaimOutcome>) {
        entered.set_value();
        released.wait();
    }));
    entered.get_future().wait();
    int refused = 0;
    for (int i = 0; i < 6; ++i) {
        request.agent_id = "a" + std::to_string(i);
        const Result<void> asked = claims->claim(request, {});
        refused += asked ? 0 : 1;
        EXPECT_TRUE(asked || asked.error().code == "identity.busy");
    }
    EXPECT_EQ(refused, 2);
    go_on.set_value();
    EXPECT_TRUE(claims->flush(seconds(10)));
}

TEST_F(ClaimsTest, AnAnswerMayAskAgain) {
    start();
    const auto renewed = answer<ClaimOutcome>([&](ClaimDone then) {
        ClaimRequest request;
        request.agent_id = "my-agent";
        return claims->claim(request, [this, then](Result<ClaimOutcome> owned) {
            ASSERT_TRUE(owned);
            EXPECT_TRUE(claims->find("my-agent")) << "visible before the answer";
            EXPECT_TRUE(claims->renew({"my-agent", owned->claim, {}, false}, false, then));
        });
    });
    ASSERT_TRUE(renewed);
    EXPECT_EQ(verdict(*renewed), Verdict::valid);
}

TEST_F(ClaimsTest, ManyThreadsClaimOneIdAndOneGetsIt) {
    options.limits.claims_per_address = {};
    start();
    std::vector<std::thread> threads;
    std::atomic<int> owners{0};
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            for (int i = 0; i < 25; ++i) {
                const auto owned = claim("agent-" + std::to_string(i));
                owners += owned ? 1 : 0;
                (void)claims->find("agent-" + std::to_string(i));
                if (owned) {
                    EXPECT_EQ(verdict(*owned), Verdict::valid);
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(owners, 25);
}

TEST_F(ClaimsTest, WhatIsQueuedIsCarriedOutBeforeTheEnd) {
    start();
    std::atomic<int> answered{0};
    for (int i = 0; i < 50; ++i) {
        ClaimRequest request;
        request.agent_id = "agent-" + std::to_string(i);
        ASSERT_TRUE(
            claims->claim(request, [&](Result<ClaimOutcome> owned) { answered += owned ? 1 : 0; }));
    }
    start();
    EXPECT_EQ(answered, 50);
    EXPECT_EQ(claims->statistics().claims, 50U);
}

TEST_F(ClaimsTest, ALifetimeOfNothingIsRefused) {
    options.certificate_lifetime = seconds(0);
    const auto opened = Claims::open(options, events, clock);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, "identity.bad_lifetime");
}

}  // namespace
}  // namespace patchbay::identity
