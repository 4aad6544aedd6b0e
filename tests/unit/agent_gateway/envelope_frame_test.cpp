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

TEST(EnvelopeFrame, WritesTheSameAsTheCodec) {
    const std::size_t sizes[] = {0, 1, 127, 128, 20000};
    for (const std::size_t size : sizes) {
        const Envelope envelope{"to", "sender", "a/b:1.0.0", std::string(size, 'x'),
                                std::string(size / 2, 'u')};
        std::string expected = "before";
        append_delimited(expected, encode(envelope.view()).value());
        std::string frame = "before";
        append_envelope(frame, envelope.view());
        EXPECT_EQ(frame, expected);
        append_envelope_for_agent(frame, envelope.view());
        EXPECT_EQ(frame.substr(expected.size()), expected.substr(6));
    }
}

TEST(EnvelopeFrame, ForAnAgentTheNamesOfComponentsHaveAPrefix) {
    std::string frame;
    append_envelope_for_agent(frame, {"agent", "me/echo:0.1.0", "a/b:1.0.0", "message"});
    append_envelope_for_agent(frame, {"me/echo:0.1.0", "agent", "a/b:1.0.0", "message"});
    std::string_view rest = frame;
    EXPECT_EQ(decode(take_delimited(rest).value()).value(),
              (Envelope{"agent", "component:me/echo:0.1.0", "a/b:1.0.0", "message"}));
    EXPECT_EQ(decode(take_delimited(rest).value()).value(),
              (Envelope{"component:me/echo:0.1.0", "agent", "a/b:1.0.0", "message"}));
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
