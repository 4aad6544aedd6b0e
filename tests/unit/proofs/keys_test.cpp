// SPDX-License-Identifier: Apache-2.0
#include "proofs/keys.hpp"

#include "proofs/keccak.hpp"
#include "proofs/text_encodings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace patchbay::proofs {
namespace {

class EveryLedger : public testing::TestWithParam<Ledger> {
  protected:
    void SetUp() override {
        if (!is_available(GetParam())) {
            GTEST_SKIP() << "built without Botan";
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Keys, EveryLedger, testing::ValuesIn(all_ledgers),
                         [](const auto& instance) {
                             return std::string(to_string(instance.param));
                         });

TEST_P(EveryLedger, ItsOwnerIsFoundInTheSignature) {
    const auto key = PrivateKey::generate(GetParam());
    ASSERT_TRUE(key);
    const std::string address = *key->public_key()->address();
    const auto signature = key->sign("a message");
    ASSERT_TRUE(signature);
    const auto owner = check_signature(GetParam(), "a message", *signature, address);
    ASSERT_TRUE(owner) << to_string(owner.error());
    EXPECT_EQ(owner->bytes(), key->public_key()->bytes());
}

TEST_P(EveryLedger, AnotherMessageAddressOrSignatureIsRefused) {
    const auto key = PrivateKey::generate(GetParam());
    const auto other = PrivateKey::generate(GetParam());
    const std::string address = *key->public_key()->address();
    const std::string signature = *key->sign("a message");
    for (const auto& checked :
         {check_signature(GetParam(), "another message", signature, address),
          check_signature(GetParam(), "a message", signature, *other->public_key()->address()),
          check_signature(GetParam(), "a message", *other->sign("a message"), address),
          check_signature(GetParam(), "a message", "", address),
          check_signature(GetParam(), "a message", signature, "")}) {
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().code, "proof.bad_signature");
    }
}

TEST_P(EveryLedger, SigningAgainGivesTheSameSignature) {
    const auto key = PrivateKey::generate(GetParam());
    EXPECT_EQ(*key->sign("x"), *key->sign("x"));
    EXPECT_NE(*key->sign("x"), *key->sign("y"));
}

TEST_P(EveryLedger, PublicKeysAreReadBack) {
    for (int i = 0; i < 8; ++i) {  // both parities of y
        const auto key = PrivateKey::generate(GetParam())->public_key();
        const auto again = public_key_from(GetParam(), *key->text());
        ASSERT_TRUE(again) << to_string(again.error());
        EXPECT_EQ(again->bytes(), key->bytes());
    }
    EXPECT_EQ(public_key_from(GetParam(), "00").error().code, "proof.bad_key");
    EXPECT_EQ(public_key_from(GetParam(), std::string(66, 'f')).error().code, "proof.bad_key");
}

TEST_P(EveryLedger, GeneratedKeysDiffer) {
    std::set<std::string> seen;
    for (int i = 0; i < 16; ++i) {
        seen.insert(PrivateKey::generate(GetParam())->secret_bytes());
    }
    EXPECT_EQ(seen.size(), 16U);
}

TEST(Keys, ScalarsOutsideTheCurveAreNoKeys) {
    const std::string zero(32, '\0');
    const std::string order =
        *from_hex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    for (const std::string& bytes : {zero, order, std::string(32, '\xff'), std::string("short")}) {
        const auto key = PrivateKey::from_bytes(Ledger::cosmos, bytes);
        ASSERT_FALSE(key);
        EXPECT_EQ(key.error().code, "proof.bad_key");
    }
    // An Ed25519 key is any 32 bytes.
    EXPECT_TRUE(PrivateKey::from_bytes(Ledger::ed25519, zero));
}

TEST(Keys, Ed25519FollowsRfc8032) {
    const auto key = PrivateKey::from_bytes(
        Ledger::ed25519,
        *from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
    EXPECT_EQ(*key->public_key()->text(),
              "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    EXPECT_EQ(to_hex(*from_base64(*key->sign(""))),
              "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
              "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
}

TEST(Keys, KeccakHasTheOriginalPadding) {
    if (!has_keccak()) {
        GTEST_SKIP() << "built without Botan";
    }
    EXPECT_EQ(to_hex(*keccak_256("")),
              "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
}

TEST(Keys, UnknownLedgersAreNamedBesideTheKnownOnes) {
    const auto ledger = ledger_of("solana");
    ASSERT_FALSE(ledger);
    EXPECT_EQ(ledger.error().code, "proof.unknown_ledger");
    EXPECT_THAT(ledger.error().message, testing::HasSubstr("cosmos, fetchai, ethereum, ed25519"));
}

}  // namespace
}  // namespace patchbay::proofs
