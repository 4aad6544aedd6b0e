// SPDX-License-Identifier: Apache-2.0
#include <patchbay/nonce_source.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace patchbay {
namespace {

TEST(RandomNonces, AreSixtyFourHexDigitsAndDiffer) {
    RandomNonces first;
    RandomNonces second;
    std::set<std::string> seen;
    for (int i = 0; i < 500; ++i) {  // several refills of the pool
        for (RandomNonces* source : {&first, &second}) {
            const std::string nonce = source->next();
            EXPECT_EQ(nonce.size(), 64U);
            EXPECT_EQ(nonce.find_first_not_of("0123456789abcdef"), std::string::npos);
            seen.insert(nonce);
        }
    }
    EXPECT_EQ(seen.size(), 1000U);
}

}  // namespace
}  // namespace patchbay
