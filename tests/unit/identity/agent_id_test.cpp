// SPDX-License-Identifier: Apache-2.0
#include "identity/agent_id.hpp"

#include <gtest/gtest.h>

#include <string>

namespace patchbay::identity {
namespace {

std::string code_for(std::string_view agent_id) {
    const Result<void> result = check_agent_id(agent_id);
    return result ? "" : result.error().code;
}

TEST(AgentId, IsAnyUtf8OfOneTo256Bytes) {
    for (const std::string_view good :
         {"a", "my-agent", "agent 1", "\u0430\u0433\u0435\u043d\u0442-1", "bot-\U0001F600", "a/b/c",
          "author/name_but-not-public", "@user:host", "x\"y\\z"}) {
        EXPECT_EQ(code_for(good), "") << good;
    }
    EXPECT_EQ(code_for(std::string(256, 'z')), "");
    EXPECT_EQ(code_for(std::string(257, 'z')), "identity.bad_agent_id");
}

TEST(AgentId, MissingIsToldInUpstreamsWords) {
    const auto result = check_agent_id("");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "Missing agent_id");
    EXPECT_EQ(result.error().code, "identity.missing_agent_id");
}

TEST(AgentId, Weakness15ControlAndBidirectionalCharactersAreRefusedAndNamed) {
    for (const std::string_view bad : {"a\nb", "a\x7f", "a\u0085", "\u202eevil", "a\u2066b",
                                       "a\u200fb", "a\u061cb", "line\u2028end", "\x1b[31mred"}) {
        EXPECT_EQ(code_for(bad), "identity.bad_agent_id") << bad;
    }
    EXPECT_EQ(code_for(std::string_view("nul\0l", 5)), "identity.bad_agent_id");
    EXPECT_NE(check_agent_id("ab\u202e").error().message.find("U+202E at byte 2"),
              std::string::npos);
}

TEST(AgentId, Weakness15WhatLooksEmptyIsRefused) {
    for (const std::string_view bad : {" ", "   ", "\u200b", "\u00a0\u3000", "\ufeff"}) {
        EXPECT_EQ(code_for(bad), "identity.bad_agent_id") << bad;
    }
}

TEST(AgentId, MalformedUtf8IsRefused) {
    for (const std::string_view bad : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "abc\xe2\x82"}) {
        EXPECT_EQ(code_for(bad), "identity.bad_agent_id");
    }
}

TEST(AgentId, MustNotLookLikeAConnection) {
    EXPECT_EQ(code_for("fetchai/stub:0.21.0"), "identity.bad_agent_id");
    EXPECT_EQ(code_for("patchbay/echo"), "identity.bad_agent_id");
}

TEST(AgentId, ReservedOnesAreRefusedInAnyCase) {
    for (const std::string_view reserved : {"system", "Network", "ADMIN", "root", "anonymous"}) {
        EXPECT_EQ(code_for(reserved), "identity.reserved_agent_id") << reserved;
    }
    EXPECT_EQ(code_for("system-1"), "");
}

}  // namespace
}  // namespace patchbay::identity
