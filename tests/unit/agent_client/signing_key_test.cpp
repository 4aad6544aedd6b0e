// SPDX-License-Identifier: Apache-2.0
// The key beside the certificate: what is read, what is signed and what is not.
#include "agent/signing_key.hpp"

#include "client_bench.hpp"
#include "temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>

namespace patchbay::agent {
namespace {

using test::certificate_json;
using test::Peer;
using test::Record;
using test::ServerDouble;
using testing::HasSubstr;

/// The first key of the test vectors of RFC 8032, section 7.1, as PKCS #8.
constexpr const char* pem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";
constexpr const char* public_half = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

Json challenge_for(const std::string& agent_id) {
    const std::string nonce(64, 'c');
    return {{"challenge",
             {{"algorithm", "Ed25519"},
              {"nonce", nonce},
              {"message", "patchbay.challenge/1 {\"agent_id\": \"" + agent_id +
                              "\", \"expires_at\": 1, \"network_id\": \"n\", \"nonce\": \"" +
                              nonce + "\"}"},
              {"expires_at", 1}}}};
}

bool verifies(const std::string& message, const std::string& hex) {
    std::string key(33, '\0');
    EVP_DecodeBlock(reinterpret_cast<unsigned char*>(key.data()),
                    reinterpret_cast<const unsigned char*>(public_half), 44);
    std::string signature;
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
        signature += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
    }
    const auto bytes = [](const std::string& text) {
        return reinterpret_cast<const unsigned char*>(text.data());
    };
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> public_key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(key), 32), EVP_PKEY_free);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message),
                            message.size()) == 1;
}

TEST(SigningKey, AnswersAChallengeAboutItsAgent) {
    const auto key = SigningKey::from_pem(pem);
    ASSERT_TRUE(key) << to_string(key.error());
    EXPECT_EQ(key->public_key().value(), public_half);
    const Json refusal = challenge_for("me");
    const auto proof = key->answer(refusal, "me");
    ASSERT_TRUE(proof) << to_string(proof.error());
    EXPECT_EQ(proof->at("nonce"), std::string(64, 'c'));
    EXPECT_EQ(proof->at("signature").get<std::string>().size(), 128U);
    EXPECT_TRUE(verifies(refusal.at("challenge").at("message").get<std::string>(),
                         proof->at("signature").get<std::string>()));
}

TEST(SigningKey, SignsNothingElse) {
    const auto key = SigningKey::from_pem(pem);
    ASSERT_TRUE(key);
    Json strange = challenge_for("me");
    strange["challenge"]["message"] = "pay 100 to mallory";
    Json other_nonce = challenge_for("me");
    other_nonce["challenge"]["nonce"] = std::string(64, 'd');
    for (const Json& refusal :
         {Json::object(), Json{{"challenge", "text"}}, Json{{"challenge", Json::object()}}, strange,
          other_nonce, challenge_for("other")}) {
        const auto proof = key->answer(refusal, "me");
        ASSERT_FALSE(proof) << refusal;
        EXPECT_EQ(proof.error().code, "agent.bad_challenge") << refusal;
    }
}

TEST(SigningKey, IsReadFromAPrivateFileOnly) {
    const TemporaryFolder folder;
    const std::string path = folder.file("agent.key");
    EXPECT_EQ(SigningKey::load(path).error().code, "file.missing");
    std::ofstream(path) << pem;
    ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
    EXPECT_EQ(SigningKey::load(path).error().code, "file.not_private");
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    EXPECT_TRUE(SigningKey::load(path));
    std::ofstream(path) << "no key";
    const auto bad = SigningKey::load(path);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, "agent.bad_key");
    EXPECT_THAT(bad.error().message, HasSubstr(path));
}

TEST(SigningKey, IsOfEd25519AndHasNoPassword) {
    for (const char* text : {
             "",
             "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n",
             // X25519
             "-----BEGIN PRIVATE KEY-----\n"
             "MC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
             "-----END PRIVATE KEY-----\n",
         }) {
        const auto key = SigningKey::from_pem(text);
        ASSERT_FALSE(key) << text;
        EXPECT_EQ(key.error().code, "agent.bad_key");
        EXPECT_THAT(key.error().message, HasSubstr("openssl genpkey"));
    }
}

ClientOptions with_key() {
    ClientOptions options = test::quick_options();
    options.private_key = pem;
    return options;
}

TEST(AgentClientKey, IsBoundByAClaimAndAnswersTheChallengeOfARegistration) {
    Record<Json> frames;
    ServerDouble server([&](Peer& peer) {
        const auto first = peer.read();
        if (!first) {
            return;
        }
        frames.add(*first);
        Json refusal = challenge_for("me");
        refusal.update({{"type", "system_response"},
                        {"command", "register_agent"},
                        {"success", false},
                        {"error", "A key is bound to this agent ID"},
                        {"error_code", "identity.proof_required"},
                        {"request_id", first->at("request_id")}});
        peer.write(refusal);
        frames.add(peer.accept());
        if (const auto claim = peer.read()) {
            frames.add(*claim);
            peer.answer(*claim, {{"certificate", certificate_json("me")}});
        }
        (void)peer.read();
    });
    Client client("me", with_key());
    const auto network = client.connect_to_server("127.0.0.1", server.port());
    ASSERT_TRUE(network) << to_string(network.error());
    ASSERT_TRUE(client.claim_agent_id());
    const auto seen = frames.wait(3);
    EXPECT_FALSE(seen.at(0).contains("proof"));
    EXPECT_TRUE(verifies(challenge_for("me").at("challenge").at("message").get<std::string>(),
                         seen.at(1).at("proof").at("signature").get<std::string>()));
    EXPECT_EQ(seen.at(2).at("public_key"), public_half);
}

TEST(AgentClientKey, WhereItIsMissingOrWrongTheCodeSaysSo) {
    std::string code = "identity.proof_required";
    ServerDouble server([&](Peer& peer) {
        while (const auto frame = peer.read()) {
            peer.write({{"type", "system_response"},
                        {"command", "register_agent"},
                        {"success", false},
                        {"error", "no"},
                        {"error_code", code},
                        {"request_id", frame->at("request_id")}});
        }
    });
    Client without("me", test::quick_options());
    EXPECT_EQ(without.connect_to_server("127.0.0.1", server.port()).error().code,
              "agent.key_required");
    Client with("me", with_key());
    EXPECT_EQ(with.connect_to_server("127.0.0.1", server.port()).error().code,
              "agent.bad_challenge")
        << "there was none";
    code = "identity.proof_refused";
    Client wrong("me", with_key());
    EXPECT_EQ(wrong.connect_to_server("127.0.0.1", server.port()).error().code,
              "agent.key_refused");
    ClientOptions twice = with_key();
    twice.private_key_file = "/nonexistent";
    Client two("me", twice);
    EXPECT_EQ(two.connect_to_server("127.0.0.1", server.port()).error().code, "agent.bad_key");
}

}  // namespace
}  // namespace patchbay::agent
