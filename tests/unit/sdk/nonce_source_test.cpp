// SPDX-License-Identifier: Apache-2.0
#include <patchbay/nonce_source.hpp>
#include <patchbay/openssl_nonces.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <initializer_list>
#include <set>
#include <string>

namespace patchbay {
namespace {

template <class Source>
class NonceSources : public ::testing::Test {};

using Sources = ::testing::Types<RandomNonces, OpensslNonces>;
TYPED_TEST_SUITE(NonceSources, Sources, );

TYPED_TEST(NonceSources, GiveSixtyFourHexDigitsThatDiffer) {
    TypeParam first;
    TypeParam second;
    std::set<std::string> seen;
    for (int i = 0; i < 500; ++i) {  // several refills of the pool
        for (NonceSource* source : std::initializer_list<NonceSource*>{&first, &second}) {
            const std::string nonce = source->next();
            EXPECT_EQ(nonce.size(), 64U);
            EXPECT_EQ(nonce.find_first_not_of("0123456789abcdef"), std::string::npos);
            seen.insert(nonce);
        }
    }
    EXPECT_EQ(seen.size(), 1000U);
}

/// Gives the bytes 0, 1, 2, ... over and over.
class CountingNonces final : public PooledNonces {
    void draw(unsigned char* bytes, std::size_t size) override {
        for (std::size_t i = 0; i < size; ++i) {
            bytes[i] = static_cast<unsigned char>(i);
        }
    }
};

TEST(PooledNonces, WriteEveryByteAsTwoDigitsAndNothingElse) {
    CountingNonces source;
    EXPECT_EQ(source.next(), "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    std::string text(nonce_size + 1, '#');
    source.next_into(text.data());
    EXPECT_EQ(text, "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f#");
}

}  // namespace
}  // namespace patchbay
