// SPDX-License-Identifier: Apache-2.0
#include "identity/challenge.hpp"

#include "unit/identity/claims_fixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include <memory>
#include <string>

namespace patchbay::identity {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t wall = 1'754'592'348 * second;

/// An agent's key pair.
class KeyPair {
  public:
    KeyPair() : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free) {}

    [[nodiscard]] PublicKey public_key() const {
        PublicKey bytes{};
        std::size_t size = bytes.size();
        EVP_PKEY_get_raw_public_key(key_.get(), bytes.data(), &size);
        return bytes;
    }
    [[nodiscard]] std::string sign(const std::string& message) const {
        const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                              EVP_MD_CTX_free);
        EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get());
        std::string signature(64, '\0');
        std::size_t size = signature.size();
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                       reinterpret_cast<const unsigned char*>(message.data()), message.size());
        return signature;
    }
    [[nodiscard]] std::string prove(const Challenge& challenge) const {
        return prove(challenge.nonce, challenge.message);
    }
    [[nodiscard]] std::string prove(const std::string& nonce, const std::string& message) const {
        std::string hex;
        for (const char c : sign(message)) {
            char digits[3];
            std::snprintf(digits, sizeof digits, "%02x",
                          static_cast<unsigned>(static_cast<unsigned char>(c)));
            hex += digits;
        }
        return nlohmann::json{{"nonce", nonce}, {"signature", hex}}.dump();
    }

  private:
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

class ChallengeTest : public ::testing::Test {
  protected:
    std::string verify(const std::string& proof, std::uint64_t now = second) {
        return code_of_result(challenges.verify("my-agent", keys.public_key(), proof, now));
    }
    Challenge make(std::string_view agent_id = "my-agent", std::uint64_t now = second) {
        return challenges.make(agent_id, wall, now);
    }

    KeyPair keys;
    Challenges challenges{"network-1", {std::chrono::seconds(60), 4}};
};

TEST_F(ChallengeTest, IsAnsweredBySigningItsMessage) {
    const Challenge challenge = make();
    EXPECT_EQ(verify(keys.prove(challenge)), "ok");
}

TEST_F(ChallengeTest, NamesTheAgentTheNetworkAndTheTime) {
    const Challenge challenge = make("a\"\u00e4");
    EXPECT_EQ(challenge.message,
              "patchbay.challenge/1 {\"agent_id\": \"a\\\"\\u00e4\", \"expires_at\": 1754592408, "
              "\"network_id\": \"network-1\", \"nonce\": \"" +
                  challenge.nonce + "\"}");
    EXPECT_EQ(challenge.nonce.size(), 64U);
    const auto json = nlohmann::json::parse(challenge.to_json());
    EXPECT_EQ(json["message"], challenge.message);
    EXPECT_EQ(json["nonce"], challenge.nonce);
    EXPECT_EQ(json["algorithm"], "Ed25519");
    EXPECT_EQ(json["expires_at"], 1754592408);
    EXPECT_NE(make().nonce, make().nonce);
}

TEST_F(ChallengeTest, Weakness6AnAnswerIsGoodOnce) {
    const std::string proof = keys.prove(make());
    EXPECT_EQ(verify(proof), "ok");
    EXPECT_EQ(verify(proof), "identity.challenge_refused");
}

TEST_F(ChallengeTest, Weakness6AWrongAnswerSpendsTheChallenge) {
    const Challenge challenge = make();
    EXPECT_EQ(verify(KeyPair().prove(challenge)), "identity.proof_refused");
    EXPECT_EQ(verify(keys.prove(challenge)), "identity.challenge_refused");
}

TEST_F(ChallengeTest, Weakness6AnAnswerForAnotherAgentOrNetworkIsRefused) {
    EXPECT_EQ(verify(keys.prove(make("other"))), "identity.challenge_refused");
    const Challenge challenge = make();
    std::string elsewhere = challenge.message;
    elsewhere.replace(elsewhere.find("network-1"), 9, "network-2");
    EXPECT_EQ(verify(keys.prove(challenge.nonce, elsewhere)), "identity.proof_refused");
}

TEST_F(ChallengeTest, Expires) {
    const Challenge challenge = make();
    EXPECT_EQ(verify(keys.prove(challenge), 62 * second), "identity.challenge_refused");
    EXPECT_EQ(challenges.outstanding(), 0U);
}

TEST_F(ChallengeTest, OutstandingOnesAreBoundedAndTheOldestGo) {
    const Challenge oldest = make();
    for (int i = 0; i < 100; ++i) {
        (void)make();
    }
    EXPECT_EQ(challenges.outstanding(), 4U);
    EXPECT_EQ(verify(keys.prove(oldest)), "identity.challenge_refused");
    EXPECT_EQ(verify(keys.prove(make())), "ok");
}

TEST_F(ChallengeTest, MalformedAnswersAreRefused) {
    for (const char* bad : {"", "[]", "{}", R"({"nonce": "00", "signature": "00"})",
                            R"({"nonce": 1, "signature": 2})", "{\"nonce\": \"\xff\"}"}) {
        EXPECT_EQ(verify(bad), "identity.challenge_refused") << bad;
    }
    EXPECT_EQ(verify("{\"x\": \"" + std::string(5'000, 'x') + "\"}"), "identity.challenge_refused");
}

TEST(Ed25519, VerifiesTheVectorsOfRfc8032) {
    const auto bytes = [](std::string_view hex) {
        std::string text;
        for (std::size_t i = 0; i < hex.size(); i += 2) {
            text += static_cast<char>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16));
        }
        return text;
    };
    const auto key =
        public_key_from(bytes("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
    ASSERT_TRUE(key);
    std::string signature = bytes(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3"
        "613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    EXPECT_TRUE(verify_ed25519(*key, "\x72", signature));
    EXPECT_FALSE(verify_ed25519(*key, "\x73", signature));
    signature[10] = static_cast<char>(signature[10] ^ 1);
    EXPECT_FALSE(verify_ed25519(*key, "\x72", signature));
    EXPECT_FALSE(verify_ed25519(*key, "\x72", ""));
    EXPECT_FALSE(public_key_from("short"));
}

TEST_F(ClaimsTest, Weakness6AStolenCertificateIsUselessWithoutTheKey) {
    start();
    const KeyPair keys;
    ClaimRequest request;
    request.agent_id = "my-agent";
    const PublicKey key = keys.public_key();
    request.public_key.assign(key.begin(), key.end());
    const auto owned = claim(request);
    ASSERT_TRUE(owned);
    const CertificateCheck check = claims->check(owned->certificate, "my-agent");
    ASSERT_TRUE(check.valid());
    ASSERT_TRUE(check.public_key) << "so that the session asks for proof";
    Challenge challenge = claims->challenge("my-agent");
    EXPECT_EQ(code_of_result(
                  claims->verify_proof("my-agent", *check.public_key, KeyPair().prove(challenge))),
              "identity.proof_refused");
    challenge = claims->challenge("my-agent");
    EXPECT_TRUE(claims->verify_proof("my-agent", *check.public_key, keys.prove(challenge)));
}

}  // namespace
}  // namespace patchbay::identity
