// SPDX-License-Identifier: Apache-2.0
#include "agent/frames.hpp"

#include <gtest/gtest.h>

#include <set>

namespace patchbay::agent {
namespace {

TEST(Frames, APongEchoesTheTimestampWhateverItIs) {
    for (const char* timestamp : {"1.5", "1795300968.8844287", "\"nonce\"", "null", "{\"a\":1}"}) {
        const Json ping = {{"timestamp", Json::parse(timestamp)}};
        const Json pong = pong_for(ping, "me");
        EXPECT_EQ(pong.at("timestamp"), ping.at("timestamp"));
        EXPECT_EQ(pong.at("success"), true);
        EXPECT_EQ(pong.at("agent_id"), "me");
    }
    EXPECT_FALSE(pong_for(Json::object(), "me").contains("timestamp"));
}

TEST(Frames, MessagesHaveTheShapeThatUpstreamsClientSurvives) {
    const Json direct = direct_message("a", "b", {{"text", "x"}}).at("data");
    EXPECT_EQ(direct.at("message_type"), "direct_message");
    EXPECT_EQ(direct.at("target_agent_id"), "b");
    EXPECT_EQ(direct.at("sender_id"), "a");
    EXPECT_TRUE(direct.at("timestamp").is_number_integer());
    EXPECT_TRUE(direct.at("message_id").is_string());
    EXPECT_TRUE(direct.at("metadata").is_object());
    const Json broadcast = broadcast_message("a", Json::object()).at("data");
    EXPECT_EQ(broadcast.at("message_type"), "broadcast_message");
    EXPECT_TRUE(broadcast.at("exclude_agent_ids").is_array());
}

TEST(Frames, MessageIdsAreUuidsAndDiffer) {
    std::set<std::string> ids;
    for (int i = 0; i < 100; ++i) {
        const std::string id =
            broadcast_message("a", Json::object()).at("data").at("message_id").get<std::string>();
        EXPECT_EQ(id.size(), 36U);
        EXPECT_EQ(id[14], '4');
        EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
        ids.insert(id);
    }
    EXPECT_EQ(ids.size(), 100U);
}

TEST(Frames, WhatIsNoMessageIsLeftOut) {
    for (const char* frame : {
             R"({})",
             R"({"data": 1})",
             R"({"data": {"message_type": "weird", "sender_id": "a"}})",
             R"({"data": {"message_type": "direct_message"}})",
             R"({"data": {"message_type": "direct_message", "sender_id": ""}})",
             R"({"data": {"message_type": 1, "sender_id": "a"}})",
         }) {
        EXPECT_FALSE(message_of(Json::parse(frame))) << frame;
    }
}

TEST(Frames, OddMembersDoNoHarm) {
    const auto message = message_of(Json::parse(
        R"({"data": {"message_type": "direct_message", "sender_id": "a", "content": null,
            "metadata": 3, "timestamp": 1e300, "message_id": 5, "target_agent_id": []}})"));
    ASSERT_TRUE(message);
    EXPECT_EQ(message->content, "{}");
    EXPECT_EQ(message->metadata, "{}");
    EXPECT_EQ(message->timestamp, 0);
    EXPECT_EQ(message->id, "");
}

TEST(Frames, RefusalsAreToldApartByUpstreamsTexts) {
    const auto code = [](const char* text) { return refusal_of({{"error", text}}).code; };
    EXPECT_EQ(code("Agent with this ID is already connected to the network. Use ..."),
              "agent.already_connected");
    EXPECT_EQ(code("Agent with this ID is already connected to the network. Certificate "
                   "validation failed."),
              "agent.certificate_refused");
    EXPECT_EQ(code("Agent ID x is already claimed"), "agent.already_claimed");
    EXPECT_EQ(code("Not registered"), "agent.not_registered");
    EXPECT_EQ(code("Missing agent_id"), "agent.refused");
    EXPECT_FALSE(refusal_of(Json::object()).message.empty());
    const Error busy = refusal_of({{"error", "Later"}, {"error_code", "rate_limited"}});
    EXPECT_EQ(busy.code, "agent.overloaded");
    EXPECT_EQ(busy.error_class, ErrorClass::overloaded);
}

TEST(Frames, TextContentsGoThereAndBack) {
    EXPECT_EQ(text_of(text_content("a \"quoted\"\n\xF0\x9F\x98\x80")),
              "a \"quoted\"\n\xF0\x9F\x98\x80");
    EXPECT_EQ(text_of("{}"), "");
    EXPECT_EQ(text_of("nonsense"), "");
}

}  // namespace
}  // namespace patchbay::agent
