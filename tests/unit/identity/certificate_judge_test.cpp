// SPDX-License-Identifier: Apache-2.0
#include "identity/certificate_judge.hpp"

#include "unit/identity/certificate_vectors.hpp"
#include "unit/identity/claims_fixture.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

namespace patchbay::identity {
namespace {

using Verdict = CertificateVerdict;

/// Every validation vector. All answer as upstream does; what is ours is the reason, which upstream
/// only logs, and which of several is told: the signature comes first, because nothing that a
/// certificate says is believed before.
const std::map<std::string, Verdict> expected = {
    {"valid", Verdict::valid},
    {"valid_at_exact_expiry", Verdict::valid},
    {"expired", Verdict::expired},
    {"bad_hash", Verdict::bad_signature},
    {"agent_id_changed", Verdict::bad_signature},
    {"expiry_extended", Verdict::bad_signature},
    {"reclaim_without_force_keeps_first", Verdict::valid},
    {"force_claim_new", Verdict::valid},
    {"released", Verdict::unclaimed},
    {"missing_agent_id", Verdict::unreadable},
    {"missing_expires_at", Verdict::unreadable},
    {"missing_certificate_hash", Verdict::unreadable},
    {"extra_field_ignored", Verdict::valid},
    {"expires_at_is_text", Verdict::unreadable},
};

Digest digest_of(const std::string& hex) {
    Digest digest{};
    for (std::size_t i = 0; i < digest.size(); ++i) {
        digest[i] = static_cast<unsigned char>(std::stoul(hex.substr(i * 2, 2), nullptr, 16));
    }
    return digest;
}

TEST(CertificateJudge, EveryValidationVectorIsAnsweredAsUpstreamDoes) {
    const auto vectors = validation_vectors();
    ASSERT_EQ(vectors.size(), expected.size());
    for (const ValidationVector& vector : vectors) {
        SCOPED_TRACE(vector.name + ": " + vector.why);
        StandingClock clock;
        clock.set_wall(static_cast<std::uint64_t>(std::llround(vector.now * 1e6)) * 1'000);
        RecordedEvents events;
        const auto keys = SigningKeys::open({{}, {}, vector.secret_key}, {}, events, clock);
        ASSERT_TRUE(keys);
        ClaimTable table;
        if (!vector.stored_for.empty()) {
            StoredClaim claim;
            claim.agent_id = "agent-a";
            claim.number = 7;
            claim.certificates = {{digest_of(vector.stored_for), clock.wall()}};
            table.put(claim);
        }
        const IdentityClock identity_clock(clock);
        const CertificateJudge judge({}, table, **keys, identity_clock);
        const CertificateCheck check = judge.check(vector.certificate, {});
        EXPECT_EQ(check.valid(), vector.valid) << check.sentence();
        ASSERT_EQ(expected.count(vector.name), 1U);
        EXPECT_EQ(check.verdict, expected.at(vector.name)) << check.sentence();
        EXPECT_EQ(check.claim, vector.valid ? 7U : 0U);
    }
}

class JudgeTest : public ::testing::Test {
  protected:
    JudgeTest()
        : keys(*SigningKeys::open({{}, {}, std::string(64, 'k')}, {}, events, clock)),
          identity_clock(clock),
          judge({}, table, *keys, identity_clock) {}

    /// A certificate with any times, signed with the right key.
    std::string sign(const std::string& issued_at, const std::string& expires_at) {
        const auto read = [](const std::string& text) {
            CertificateTime time;
            time.seconds = std::stod(text);
            if (text.find_first_of(".e") == std::string::npos) {
                time.integer = text;
            }
            return time;
        };
        Certificate certificate;
        certificate.agent_id = "my-agent";
        certificate.issued_at = read(issued_at);
        certificate.expires_at = read(expires_at);
        const auto made = keys->sign(
            canonical_text(certificate.agent_id, certificate.issued_at, certificate.expires_at));
        certificate.hash = made.hash;
        certificate.signature = made.signature;
        StoredClaim claim;
        claim.agent_id = "my-agent";
        claim.number = 1;
        claim.certificates = {{made.hash, 0}};
        table.put(claim);
        return to_json(certificate);
    }
    Verdict verdict(const std::string& json) { return judge.check(json, {}).verdict; }

    StandingClock clock;  // 1754592348.856811
    RecordedEvents events;
    std::unique_ptr<SigningKeys> keys;
    ClaimTable table;
    IdentityClock identity_clock;
    CertificateJudge judge;
};

TEST_F(JudgeTest, TimesThatNoHostOfThisConfigurationIssuesAreRefusedAlsoWhenSigned) {
    EXPECT_EQ(verdict(sign("1754592348.856811", "1754678748.856811")), Verdict::valid);
    EXPECT_EQ(verdict(sign("1754592348", "1754678748")), Verdict::valid) << "integers";
    EXPECT_EQ(verdict(sign("1754592348.856811", "1754678749.856811")), Verdict::lifetime_too_long);
    EXPECT_EQ(verdict(sign("1754592348.5", "123456789012345678901234567890")),
              Verdict::lifetime_too_long);
    EXPECT_EQ(verdict(sign("-1e300", "1e300")), Verdict::lifetime_too_long);
    EXPECT_EQ(verdict(sign("1754592408.5", "1754592409.5")), Verdict::valid) << "within the skew";
    EXPECT_EQ(verdict(sign("1754592409.5", "1754592410.5")), Verdict::not_yet_valid);
    EXPECT_EQ(verdict(sign("1754592348.0", "1754592347.0")), Verdict::expired);
    EXPECT_EQ(verdict(sign("-5.5", "-4.5")), Verdict::expired);
}

TEST_F(JudgeTest, Weakness7And8OneChangedDigitOfHashOrSignatureIsRefused) {
    const std::string json = sign("1754592348.856811", "1754678748.856811");
    for (const char* member : {"certificate_hash", "signature"}) {
        for (const std::size_t digit : {std::size_t{0}, std::size_t{31}, std::size_t{63}}) {
            std::string changed = json;
            char& c = changed[changed.find(member) + std::string(member).size() + 4 + digit];
            c = c == '0' ? '1' : '0';
            EXPECT_EQ(verdict(changed), Verdict::bad_signature) << changed;
        }
    }
    EXPECT_EQ(verdict(json), Verdict::valid);
}

TEST_F(JudgeTest, EveryRefusalHasACodeAndASentence) {
    for (int i = 0; i <= static_cast<int>(Verdict::unclaimed); ++i) {
        CertificateCheck check;
        check.verdict = static_cast<Verdict>(i);
        check.agent_id = "my-agent";
        EXPECT_EQ(check.code().rfind("identity.certificate_", 0), 0U);
        EXPECT_FALSE(check.sentence().empty());
    }
    EXPECT_EQ(code_of(Verdict::expired), "identity.certificate_expired");
}

}  // namespace
}  // namespace patchbay::identity
