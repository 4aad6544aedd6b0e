// SPDX-License-Identifier: Apache-2.0
#include "frames/envelope_frame.hpp"

#include <gtest/gtest.h>

namespace patchbay::agent_gateway {

namespace {

TEST(EnvelopeFrame, HoldsSeveralEnvelopes) {
    std::string frame;
    const Envelope first{"to", "sender", "a/b:1.0.0", "message", "uri"};
    const Envelope second{"to2", "sender2", "a/b:1.0.0", std::string(500, 'x')};
    append_envelope(frame, first.view());
    append_delimited(frame, encode(second.view()).value());
    std::string_view rest = frame;
    EXPECT_EQ(decode(take_delimited(rest).value()).value(), first);
    EXPECT_EQ(decode(take_delimited(rest).value()).value(), second);
    EXPECT_TRUE(rest.empty());
}

TEST(EnvelopeFrame, RefusesALengthThatDoesNotFit) {
    for (const std::string& bytes :
         {std::string("\x05xxxx"), std::string("\x80"), std::string("\xFF\xFF\xFF\xFF\xFF\x01"),
          std::string("\x80\x80\x80\x80\x10")}) {
        std::string_view rest = bytes;
        EXPECT_FALSE(take_delimited(rest)) << bytes;
    }
}

}  // namespace

}  // namespace patchbay::agent_gateway
