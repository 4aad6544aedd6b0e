// SPDX-License-Identifier: Apache-2.0
#include "identity/certificate.hpp"

#include "unit/identity/certificate_vectors.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>

namespace patchbay::identity {
namespace {

Digest sha256(std::string_view text) {
    Digest digest{};
    EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    return digest;
}

Digest hmac(std::string_view key, std::string_view text) {
    Digest digest{};
    unsigned size = 0;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
    return digest;
}

std::string json_of(const CertificateVector& vector) {
    return R"({"agent_id":)" + vector.agent_id_json + R"(,"issued_at":)" + vector.issued_at +
           R"(,"expires_at":)" + vector.expires_at + R"(,"certificate_hash":")" +
           vector.certificate_hash + R"(","signature":")" + vector.signature + "\"}";
}

TEST(Certificate, EveryVectorHasUpstreamsCanonicalTextHashAndSignature) {
    // All of them are the same here as upstream; not one is ours.
    const auto vectors = certificate_vectors();
    ASSERT_GT(vectors.size(), 30U);
    for (const CertificateVector& vector : vectors) {
        SCOPED_TRACE(vector.name);
        const Result<Certificate> read = read_certificate(json_of(vector));
        ASSERT_TRUE(read) << read.error().message;
        const std::string canonical =
            canonical_text(read->agent_id, read->issued_at, read->expires_at);
        EXPECT_EQ(canonical, vector.canonical);
        EXPECT_EQ(canonical.size(), vector.canonical_size);
        EXPECT_EQ(to_hex(sha256(canonical)), vector.certificate_hash);
        EXPECT_EQ(to_hex(hmac(vector.secret_key, canonical)), vector.signature);
        EXPECT_EQ(to_hex(read->hash), vector.certificate_hash);
        // What we write is read back as the same.
        EXPECT_EQ(read_certificate(to_json(*read)), *read);
    }
}

TEST(Certificate, IsWrittenAsUpstreamWritesIt) {
    Certificate certificate;
    certificate.agent_id = "a\"\u0430";
    certificate.issued_at = CertificateTime::of(1640995200.0);
    certificate.expires_at = CertificateTime::of(1641081600.5);
    EXPECT_EQ(to_json(certificate),
              "{\"agent_id\": \"a\\\"\\u0430\", \"issued_at\": 1640995200.0, \"expires_at\": "
              "1641081600.5, \"certificate_hash\": \"" +
                  std::string(64, '0') + "\", \"signature\": \"" + std::string(64, '0') + "\"}");
}

const std::string zeros(64, '0');

std::string with(std::string_view issued_at, std::string_view rest = "") {
    return R"({"agent_id": "a", "issued_at": )" + std::string(issued_at) +
           R"(, "expires_at": 2.5, "certificate_hash": ")" + zeros + R"(", "signature": ")" +
           zeros + '"' + std::string(rest) + '}';
}

TEST(Certificate, MoreDigitsOfTheSameDoubleAreTheSame) {
    const auto read = read_certificate(with("1754592348.8568110000"));
    ASSERT_TRUE(read);
    EXPECT_EQ(canonical_text("a", read->issued_at, read->expires_at),
              R"({"agent_id": "a", "expires_at": 2.5, "issued_at": 1754592348.856811})");
}

TEST(Certificate, Weakness13TimesThatAreNotFiniteAreRefused) {
    for (const std::string_view bad : {"NaN", "Infinity", "-Infinity", "1e999", "nan", "-NaN", "1.",
                                       ".5", "01", "+1", "1e", "0x10", "1_0"}) {
        const auto read = read_certificate(with(bad));
        ASSERT_FALSE(read) << bad;
        EXPECT_EQ(read.error().code, "identity.certificate_unreadable");
    }
}

TEST(Certificate, Weakness13NotANumberIsRefusedInMembersThatAreIgnored) {
    for (const std::string_view bad :
         {R"(, "x": NaN)", R"(, "x": [1, Infinity])", R"(, "x": {"y": 1.})", R"(, "x": nulL)",
          R"(, "x": truE)", R"(, "x": [1,])", R"(, "x": "\ud800")", "x", R"(, "x": "a)",
          R"(, "x": "\q")", R"(, "x": [tru])", R"(, "x": {"y" 1})"}) {
        EXPECT_FALSE(read_certificate(with("1.5", bad))) << bad;
    }
    for (const std::string_view good :
         {R"(, "x": null)", R"(, "x": [1, -2.5e3, true, false, {}, []])", R"(, "x": {"y": "z"})",
          R"(, "x": 123456789012345678901234567890)"}) {
        const auto read = read_certificate(with("1.5", good));
        EXPECT_TRUE(read) << good << (read ? "" : read.error().message);
    }
}

TEST(Certificate, DuplicateMembersAreRefusedAlsoInside) {
    for (const std::string_view bad : {R"(, "agent_id": "b")", R"(, "x": 1, "x": 1)",
                                       R"(, "x": {"y": 1, "y": 2})", R"(, "agent\u005fid": "b")"}) {
        const auto read = read_certificate(with("1.5", bad));
        ASSERT_FALSE(read) << bad;
        EXPECT_NE(read.error().message.find("twice"), std::string::npos);
    }
    EXPECT_TRUE(read_certificate(with("1.5", R"(, "x": {"x": 1}, "y": {"x": 1})")));
}

TEST(Certificate, MalformedTextIsRefused) {
    for (const std::string_view bad :
         {"", " ", "[]", "null", "1", "\"a\"", "{", "{}", "{\"agent_id\": \"a\"}", "{\"a\":1}{}"}) {
        EXPECT_FALSE(read_certificate(bad)) << bad;
    }
    EXPECT_FALSE(read_certificate(with("1.5") + " {}"));
    EXPECT_FALSE(read_certificate(with("1.5") + "}"));
    EXPECT_FALSE(read_certificate(with("1.5", ", \"x\": \"\xff\"")));
    EXPECT_FALSE(read_certificate(with("1.5", ", \"x\": \"\x01\"")));
    EXPECT_TRUE(read_certificate(" \n" + with("1.5") + " \t"));
}

TEST(Certificate, WrongTypesAreRefusedByName) {
    std::string text = with("1.5");
    text.replace(text.find("2.5"), 3, "\"2.5\"");
    const auto read = read_certificate(text);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().message.find("expires_at"), std::string::npos);
    EXPECT_FALSE(read_certificate(with("[1]")));
    EXPECT_FALSE(read_certificate(with("null")));
    EXPECT_FALSE(read_certificate(R"({"agent_id": 12345, "issued_at": 1.5, "expires_at": 2.5,
        "certificate_hash": ")" + zeros +
                                  R"(", "signature": ")" + zeros + "\"}"));
}

TEST(Certificate, HashAndSignatureAre64LowerCaseDigits) {
    for (const std::string& bad : {std::string(63, '0'), std::string(65, '0'), std::string(64, 'A'),
                                   std::string(64, 'g'), std::string()}) {
        std::string text = with("1.5");
        text.replace(text.rfind(zeros), 64, bad);
        EXPECT_FALSE(read_certificate(text)) << bad;
    }
}

TEST(Certificate, SizeDepthAndMembersAreBounded) {
    const auto large = read_certificate(with("1.5", ", \"x\": \"" + std::string(9'000, 'x') + '"'));
    ASSERT_FALSE(large);
    EXPECT_EQ(large.error().code, "identity.certificate_too_large");
    const std::string open(7, '[');
    const std::string close(7, ']');
    EXPECT_TRUE(read_certificate(with("1.5", ", \"x\": " + open + close)));
    EXPECT_FALSE(read_certificate(with("1.5", ", \"x\": [" + open + close + ']')));
    EXPECT_FALSE(read_certificate(
        with("1.5", ", \"x\": " + std::string(2'000, '[') + std::string(2'000, ']'))));
    std::string many;
    for (int i = 0; i < 60; ++i) {
        many += ", \"x" + std::to_string(i) + "\": 0";
    }
    EXPECT_FALSE(read_certificate(with("1.5", many)));
    EXPECT_FALSE(read_certificate(with(std::string(65, '1'))));
}

TEST(Certificate, TimesInMicrosecondsPrintAsTheyAre) {
    EXPECT_EQ(canonical_text("a", CertificateTime::of_microseconds(1754592348856811),
                             CertificateTime::of_microseconds(1754592348000001)),
              R"({"agent_id": "a", "expires_at": 1754592348.000001, "issued_at": )"
              "1754592348.856811}");
}

TEST(Certificate, ComparesInConstantTime) {
    Digest left{};
    Digest right{};
    EXPECT_TRUE(equal_in_constant_time(left, right));
    right[31] = 1;
    EXPECT_FALSE(equal_in_constant_time(left, right));
}

}  // namespace
}  // namespace patchbay::identity
