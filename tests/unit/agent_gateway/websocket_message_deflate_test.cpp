// SPDX-License-Identifier: Apache-2.0
#include "websocket/message_deflate.hpp"

#include <gtest/gtest.h>

namespace patchbay::agent_gateway::websocket {

namespace {

TEST(MessageDeflate, BringsBackWhatWasPutIn) {
    MessageDeflater deflater;
    MessageInflater inflater;
    std::string packed;
    std::string unpacked;
    std::string noise;
    std::uint32_t state = 1;
    for (int i = 0; i < 100000; ++i) {
        state = state * 1664525U + 1013904223U;
        noise += static_cast<char>(state >> 24U);
    }
    for (const std::string& message :
         {std::string(), std::string("x"), std::string(100000, 'a'), noise, std::string("x")}) {
        ASSERT_TRUE(deflater.deflate(message, packed));
        ASSERT_TRUE(inflater.inflate(packed, message.size(), unpacked));
        EXPECT_EQ(unpacked, message);
    }
}

TEST(MessageDeflate, ReadsTheExampleOfRfc7692) {
    MessageInflater inflater;
    std::string message;
    ASSERT_TRUE(inflater.inflate("\xf2\x48\xcd\xc9\xc9\x07" + std::string(1, '\0'), 100, message));
    EXPECT_EQ(message, "Hello");
    // The same with a final block.
    ASSERT_TRUE(inflater.inflate("\xf3\x48\xcd\xc9\xc9\x07" + std::string(2, '\0'), 100, message));
    EXPECT_EQ(message, "Hello");
}

TEST(MessageDeflate, RefusesABombAtTheLimit) {
    MessageDeflater deflater;
    MessageInflater inflater;
    std::string packed;
    std::string unpacked;
    ASSERT_TRUE(deflater.deflate(std::string(10000000, 'a'), packed));
    const auto result = inflater.inflate(packed, 100000, unpacked);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "deflate.too_large");
    EXPECT_LE(unpacked.size(), 100000U);
}

TEST(MessageDeflate, GoesOnAfterAMessageThatWasBroken) {
    MessageDeflater deflater;
    MessageInflater inflater;
    std::string packed;
    std::string unpacked;
    const auto broken = inflater.inflate("\xFF\xFF\xFF", 100, unpacked);
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, "deflate.malformed");
    ASSERT_TRUE(deflater.deflate("fine", packed));
    ASSERT_TRUE(inflater.inflate(packed, 100, unpacked));
    EXPECT_EQ(unpacked, "fine");
}

}  // namespace

}  // namespace patchbay::agent_gateway::websocket
