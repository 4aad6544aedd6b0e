// SPDX-License-Identifier: Apache-2.0
#include "client_frames.hpp"
#include "websocket/frame.hpp"

#include <gtest/gtest.h>

namespace patchbay::agent_gateway::websocket {

namespace {

using test::client_frame;
using test::raw_frame;

HeadState state_of(const std::string& bytes, FrameHead& head, bool deflate = false) {
    std::string_view why;
    return read_frame_head(bytes, deflate, head, why);
}

TEST(FrameHead, ReadsAShortMaskedFrame) {
    FrameHead head;
    const std::string bytes = client_frame(Opcode::text, "hello");
    ASSERT_EQ(state_of(bytes, head), HeadState::complete);
    EXPECT_EQ(head.opcode, Opcode::text);
    EXPECT_TRUE(head.final);
    EXPECT_FALSE(head.compressed);
    EXPECT_EQ(head.length, 5U);
    EXPECT_EQ(head.size, 6U);
}

TEST(FrameHead, ReadsBothLongForms) {
    FrameHead head;
    ASSERT_EQ(state_of(client_frame(Opcode::binary, std::string(126, 'x')), head),
              HeadState::complete);
    EXPECT_EQ(head.length, 126U);
    EXPECT_EQ(head.size, 8U);
    ASSERT_EQ(state_of(client_frame(Opcode::binary, std::string(70000, 'x')), head),
              HeadState::complete);
    EXPECT_EQ(head.length, 70000U);
    EXPECT_EQ(head.size, 14U);
}

TEST(FrameHead, IsIncompleteUntilTheMaskIsThere) {
    const std::string bytes = client_frame(Opcode::text, std::string(70000, 'x'));
    FrameHead head;
    for (std::size_t size = 0; size < head_bound; ++size) {
        EXPECT_EQ(state_of(bytes.substr(0, size), head), HeadState::incomplete) << size;
    }
}

TEST(FrameHead, RefusesWhatRfc6455Forbids) {
    FrameHead head;
    const std::string mask(4, '\0');
    EXPECT_EQ(state_of(std::string("\x81\x05hello", 7), head), HeadState::violation) << "no mask";
    EXPECT_EQ(state_of("\x83\x80" + mask, head), HeadState::violation) << "opcode 3";
    EXPECT_EQ(state_of("\x8B\x80" + mask, head), HeadState::violation) << "opcode 11";
    EXPECT_EQ(state_of("\xA1\x80" + mask, head), HeadState::violation) << "RSV2";
    EXPECT_EQ(state_of("\x91\x80" + mask, head), HeadState::violation) << "RSV3";
    EXPECT_EQ(state_of("\xC1\x80" + mask, head), HeadState::violation) << "RSV1 unasked";
    EXPECT_EQ(state_of("\xC9\x80" + mask, head, true), HeadState::violation) << "RSV1 on a ping";
    EXPECT_EQ(state_of("\xC0\x80" + mask, head, true), HeadState::violation)
        << "RSV1 on a continuation";
    EXPECT_EQ(state_of("\x09\x80" + mask, head), HeadState::violation) << "a ping in fragments";
    EXPECT_EQ(state_of(std::string("\x89\xFE\x00\x7E", 4) + mask, head), HeadState::violation)
        << "a ping of 126 bytes";
    EXPECT_EQ(state_of(std::string("\x81\xFE\x00\x7D", 4) + mask, head), HeadState::violation)
        << "16 bits for 125";
    EXPECT_EQ(state_of(std::string("\x81\xFF\x00\x00\x00\x00\x00\x00\xFF\xFF", 10) + mask, head),
              HeadState::violation)
        << "64 bits for 65535";
    EXPECT_EQ(state_of(std::string("\x81\xFF\x80\x00\x00\x00\x00\x00\x00\x00", 10) + mask, head),
              HeadState::violation)
        << "a negative length";
}

TEST(FrameHead, AcceptsACompressedMessageThatWasAgreedOn) {
    FrameHead head;
    ASSERT_EQ(state_of(std::string("\xC1\x80", 2) + std::string(4, '\0'), head, true),
              HeadState::complete);
    EXPECT_TRUE(head.compressed);
}

TEST(Unmask, WorksFromEveryOffset) {
    const std::array<unsigned char, 4> mask{1, 2, 3, 4};
    std::string whole(37, '\0');
    unmask(whole.data(), whole.size(), mask, 0);
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        std::string parts(whole.size(), '\0');
        unmask(parts.data(), cut, mask, 0);
        unmask(parts.data() + cut, parts.size() - cut, mask, cut);
        EXPECT_EQ(parts, whole) << cut;
    }
}

TEST(AppendFrame, WritesEachLengthInItsShortestForm) {
    std::string out;
    append_frame(out, Opcode::text, "hi");
    EXPECT_EQ(out, "\x81\x02hi");
    out.clear();
    append_frame_head(out, Opcode::binary, 126);
    EXPECT_EQ(out, std::string("\x82\x7E\x00\x7E", 4));
    out.clear();
    append_frame_head(out, Opcode::text, 65536, true);
    EXPECT_EQ(out, std::string("\xC1\x7F\x00\x00\x00\x00\x00\x01\x00\x00", 10));
}

TEST(AppendClose, CutsAReasonAtACharacter) {
    std::string out;
    append_close(out, CloseCode::replaced, "bye");
    EXPECT_EQ(out,
              "\x88\x05\x0F\xA0"
              "bye");
    out.clear();
    std::string reason(122, 'x');
    reason += "\xC3\xA9";
    append_close(out, CloseCode::policy, reason);
    EXPECT_EQ(out.size(), 4U + 122U);
}

TEST(CloseCodes, ThatMustNotBeSent) {
    for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000}) {
        EXPECT_FALSE(may_be_sent(static_cast<std::uint16_t>(code))) << code;
    }
    for (const int code : {1000, 1001, 1003, 1007, 1012, 1014, 3000, 4000, 4001, 4999}) {
        EXPECT_TRUE(may_be_sent(static_cast<std::uint16_t>(code))) << code;
    }
}

}  // namespace

}  // namespace patchbay::agent_gateway::websocket
