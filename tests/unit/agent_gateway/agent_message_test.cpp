// SPDX-License-Identifier: Apache-2.0
#include "frames/agent_message.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::agent_gateway {

namespace {

using Json = nlohmann::json;

class AgentMessageTest : public ::testing::Test {
  protected:
    std::optional<AgentMessage> read(const Json& data) {
        text_ = data.dump();
        text_.reserve(text_.size() + simdjson::SIMDJSON_PADDING);
        problem = {};
        const auto element = reader.parse(text_, problem);
        return element ? read_message(*element, problem) : std::nullopt;
    }
    static Json direct() {
        return {{"message_id", "m"},          {"timestamp", 1754590000000},
                {"sender_id", "a"},           {"message_type", "direct_message"},
                {"metadata", Json::object()}, {"content", {{"text", "hi"}}},
                {"target_agent_id", "b"}};
    }
    Json rewrite(const AgentMessage& message) {
        return Json::parse(rewritten(message, {"made", 17}));
    }
    FrameReader reader;
    FrameProblem problem;

  private:
    std::string text_;
};

TEST_F(AgentMessageTest, AWholeMessageGoesOnAsItCame) {
    const auto message = read(direct());
    ASSERT_TRUE(message);
    EXPECT_FALSE(message->needs_rewriting);
    EXPECT_EQ(message->sender_id, "a");
    EXPECT_EQ(message->target, "b");
}

TEST_F(AgentMessageTest, WhatKillsTheRealClientIsRefused) {
    const auto refused = [&](const char* member, const Json& value) {
        Json data = direct();
        data[member] = value;
        EXPECT_FALSE(read(data)) << data;
    };
    refused("message_type", "weird");
    refused("message_type", nullptr);
    refused("sender_id", "");
    refused("sender_id", nullptr);
    refused("sender_id", 5);
    refused("metadata", "text");
    refused("content", "text");
    refused("content", Json::array());
    refused("message_id", 5);
    refused("timestamp", 1.5);
    refused("timestamp", "17");
    refused("timestamp", true);
    refused("target_agent_id", 5);
    refused("text_representation", 5);
    refused("requires_response", "yes");
    refused("requires_response", nullptr);
    refused("protocol", 5);
    refused("exclude_agent_ids", nullptr);
    refused("exclude_agent_ids", Json::array({1}));
    Json untargeted = direct();
    untargeted.erase("target_agent_id");
    EXPECT_FALSE(read(untargeted));
    for (const Json& data : {Json::array(), Json(5), Json::object()}) {
        EXPECT_FALSE(read(data)) << data;
    }
}

TEST_F(AgentMessageTest, WhatIsMissingIsAdded) {
    Json data = direct();
    for (const char* member : {"message_id", "timestamp", "content"}) {
        data.erase(member);
    }
    data["metadata"] = nullptr;
    data["extra"] = "kept";
    const auto message = read(data);
    ASSERT_TRUE(message);
    EXPECT_TRUE(message->needs_rewriting);
    const Json sent = rewrite(*message);
    EXPECT_EQ(sent["message_id"], "made");
    EXPECT_EQ(sent["timestamp"], 17);
    EXPECT_EQ(sent["metadata"], Json::object());
    EXPECT_EQ(sent["content"], Json::object());
    EXPECT_EQ(sent["extra"], "kept");
    EXPECT_EQ(sent["target_agent_id"], "b");
    EXPECT_TRUE(read(sent));
    EXPECT_FALSE(read(sent)->needs_rewriting);
}

TEST_F(AgentMessageTest, AWholeTimestampWithAPointBecomesAnInteger) {
    Json data = direct();
    data["timestamp"] = 2.0;
    const auto message = read(data);
    ASSERT_TRUE(message);
    EXPECT_TRUE(rewrite(*message)["timestamp"].is_number_integer());
    EXPECT_EQ(rewrite(*message)["timestamp"], 2);
}

TEST_F(AgentMessageTest, BothSpellingsOfModMessagesBecomeDirectOnes) {
    for (const char* spelling : {"protocol_message", "mod_message"}) {
        Json data = direct();
        data["message_type"] = spelling;
        data[std::string(spelling) == "mod_message" ? "mod" : "protocol"] = "x.y";
        const auto message = read(data);
        ASSERT_TRUE(message) << spelling;
        EXPECT_EQ(message->kind, MessageKind::mod);
        EXPECT_EQ(message->mod, "x.y");
        EXPECT_EQ(rewrite(*message)["message_type"], "direct_message");
        data.erase("mod");
        data.erase("protocol");
        EXPECT_FALSE(read(data));
    }
}

TEST_F(AgentMessageTest, TheOlderTargetCountsFirst) {
    Json data = direct();
    data["target_id"] = "c";
    EXPECT_EQ(read(data)->target, "c");
}

TEST_F(AgentMessageTest, AnAnswerNamesItsRequestInTheMessageOrItsMetadata) {
    Json data = direct();
    data["metadata"] = {{"in_reply_to", "r1"}};
    EXPECT_EQ(read(data)->in_reply_to, "r1");
    data["in_reply_to"] = "r2";
    EXPECT_EQ(read(data)->in_reply_to, "r2");
}

TEST_F(AgentMessageTest, ABroadcastMayExcludeAgents) {
    Json data = direct();
    data["message_type"] = "broadcast_message";
    data.erase("target_agent_id");
    data["exclude_agent_ids"] = {"x", "y"};
    const auto message = read(data);
    ASSERT_TRUE(message);
    EXPECT_TRUE(excludes(*message, "y"));
    EXPECT_FALSE(excludes(*message, "z"));
}

TEST_F(AgentMessageTest, AMemberThatComesTwiceIsRefused) {
    std::string text = R"({"message_type": "direct_message", "sender_id": "a", "sender_id": "b",
        "target_agent_id": "c"})";
    text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    const auto element = reader.parse(text, problem);
    ASSERT_TRUE(element);
    EXPECT_FALSE(read_message(*element, problem));
}

}  // namespace

}  // namespace patchbay::agent_gateway
