// SPDX-License-Identifier: Apache-2.0
#include "frames/client_frame.hpp"

#include <gtest/gtest.h>

namespace patchbay::agent_gateway {

namespace {

class ClientFrameTest : public ::testing::Test {
  protected:
    std::optional<ClientFrame> read(std::string text) {
        text_ = std::move(text);
        text_.reserve(text_.size() + simdjson::SIMDJSON_PADDING);
        problem = {};
        return reader.read(text_, problem);
    }
    FrameReader reader;
    FrameProblem problem;

  private:
    std::string text_;
};

TEST_F(ClientFrameTest, TellsTheKindsApart) {
    auto frame = read(R"({"type": "system_request", "command": "ping_agent", "timestamp": 1.5})");
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->kind, FrameKind::request);
    EXPECT_EQ(frame->command, "ping_agent");
    EXPECT_TRUE(frame->timestamp);
    frame = read(R"({"type": "system_response", "command": "ping_agent"})");
    EXPECT_EQ(frame->kind, FrameKind::response);
    frame = read(R"({"type": "message", "data": {}})");
    EXPECT_EQ(frame->kind, FrameKind::message);
    EXPECT_TRUE(frame->wrapped);
    frame = read(R"({"sender_id": "a"})");
    EXPECT_EQ(frame->kind, FrameKind::message);
    EXPECT_FALSE(frame->wrapped);
}

TEST_F(ClientFrameTest, TakesNullForAbsent) {
    const auto frame = read(R"({"type": "system_request", "metadata": null})");
    ASSERT_TRUE(frame);
    EXPECT_FALSE(frame->metadata);
}

TEST_F(ClientFrameTest, RefusesWhatOtherReadersReadDifferently) {
    for (const char* text :
         {"{nope", "", "[1, 2]", "null", R"({"a": NaN})", R"({"a": "\ud800"})",
          R"({"command": "a", "command": "b"})", R"({"agent_id": "a", "agent\u005fid": "b"})",
          R"({"a": 123456789012345678901234567890})", "{} {}"}) {
        EXPECT_FALSE(read(text)) << text;
        EXPECT_FALSE(problem.code.empty()) << text;
    }
}

TEST_F(ClientFrameTest, RefusesDeepNesting) {
    EXPECT_TRUE(read("{\"a\": " + std::string(100, '[') + std::string(100, ']') + "}"));
    EXPECT_FALSE(read("{\"a\": " + std::string(200, '[') + std::string(200, ']') + "}"));
    EXPECT_EQ(problem.text, "The frame is nested too deeply");
    // Also after the reader has grown.
    EXPECT_TRUE(read("{\"a\": \"" + std::string(100000, 'x') + "\"}"));
    EXPECT_FALSE(read("{\"a\": " + std::string(200, '[') + std::string(200, ']') + "}"));
}

TEST_F(ClientFrameTest, KnowsWhatPythonTakesForTrue) {
    const auto truthy = [&](const std::string& value) {
        return is_truthy(read("{\"force\": " + value + "}")->force);
    };
    for (const char* value : {"true", "1", "\"no\"", "[0]", "{\"a\": 0}", "0.5"}) {
        EXPECT_TRUE(truthy(value)) << value;
    }
    for (const char* value : {"false", "null", "0", "0.0", "\"\"", "[]", "{}"}) {
        EXPECT_FALSE(truthy(value)) << value;
    }
}

TEST_F(ClientFrameTest, GivesMemoryBack) {
    EXPECT_TRUE(read("{\"a\": \"" + std::string(5000000, 'x') + "\"}"));
    reader.trim();
    EXPECT_TRUE(read("{}"));
}

}  // namespace

}  // namespace patchbay::agent_gateway
