// SPDX-License-Identifier: Apache-2.0
/// \file
/// What reaches echo's class and what leaves it. Its dialogues of fetchai/default, and the built
/// plugin, are tested in tests/unit/sdk/sample_plugins_test.cpp.
#include "echo_connection.hpp"

#include <patchbay/protocols/default.hpp>
#include <patchbay/protocols/http.hpp>
#include <patchbay/testing/host_double.hpp>

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace patchbay::echo {
namespace {

constexpr patchbay_class echo_class = batch_connection_class<EchoConnection>("EchoConnection");
constexpr auto request = static_cast<unsigned>(protocols::HttpPerformative::request);
constexpr auto response = static_cast<unsigned>(protocols::HttpPerformative::response);

struct EchoConnectionTest : ::testing::Test {
    void SetUp() override { ASSERT_TRUE(host.connect()); }
    void TearDown() override {
        ASSERT_TRUE(host.disconnect());
        EXPECT_EQ(host.blocks_held(), 0U);
        EXPECT_EQ(host.misbehaviour(), std::vector<std::string>{});
    }
    Envelope http(const protocols::HttpMessageView& message) {
        return {"echo",
                "server",
                std::string(protocols::http_protocol_id),
                protocols::encode(message).value(),
                "",
                ""};
    }
    Envelope ask(std::string_view url) {
        const auto first = dialogues.create("echo", request);
        protocols::HttpMessageView message;
        message.header = first->with({});
        message.body = protocols::HttpRequestView{"POST", url, "1.1", "\n", "body"};
        return http(message);
    }

    testing::HostDouble host{echo_class};
    Dialogues dialogues{"server", protocols::http_dialogue_rules};
};

TEST_F(EchoConnectionTest, AnswersRequestsInTheirDialogue) {
    const auto tokens = host.push({ask("http://h/status/404"), ask("http://h/hello")});
    const auto made = host.wait_for_deliveries(2);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(made[i].envelope.to, "server");
        EXPECT_EQ(made[i].envelope.sender, "echo");
        EXPECT_EQ(made[i].envelope.protocol_id, protocols::http_protocol_id);
        EXPECT_EQ(made[i].parent, tokens[i]);
        EXPECT_TRUE(made[i].in_block);
        const auto answer = protocols::decode_http(made[i].envelope.message);
        ASSERT_TRUE(answer);
        EXPECT_EQ(std::get<protocols::HttpResponseView>(answer->body).status_code,
                  i == 0 ? 404 : 200);
        const auto updated = dialogues.update(incoming("server", "echo", answer->header, response));
        EXPECT_TRUE(updated) << to_string(updated.error());
    }
    host.wait_for_completions(2);
    EXPECT_EQ(dialogues.size(), 0U);
    EXPECT_EQ(host.metrics().at("echo_answered"), 2);
}

TEST_F(EchoConnectionTest, ASilentRequestIsDoneWithoutAnAnswer) {
    host.push(ask("http://h/silent"));
    EXPECT_EQ(host.wait_for_completions(1)[0].status, PATCHBAY_OK);
    EXPECT_TRUE(host.deliveries().empty());
    EXPECT_EQ(host.metrics()["echo_answered"], 0);
}

TEST_F(EchoConnectionTest, ALaterMessageOfARequestsDialogueIsNotItsOwn) {
    protocols::HttpMessageView later;
    later.header = {"theirs", "ours", 2, 1, {}};
    later.body = protocols::HttpRequestView{};
    host.push(http(later));
    EXPECT_EQ(host.wait_for_completions(1)[0].status, PATCHBAY_NOT_MINE);
}

TEST_F(EchoConnectionTest, WhatBreaksTheRulesFailsWithItsCodeAndLeavesTheRestAlone) {
    protocols::HttpMessageView bad;
    bad.header = {"theirs", "", 1, 0, {}};
    bad.body = protocols::HttpResponseView{};
    Envelope garbage = ask("http://h/");
    garbage.message = "\xff";
    Envelope foreign = ask("http://h/");
    foreign.protocol_id = "other/protocol:1.0.0";
    const auto tokens = host.push({http(bad), garbage, foreign, ask("http://h/")});
    const auto completed = host.wait_for_completions(4);
    EXPECT_EQ(completed[0].code, "dialogue.bad_performative");
    EXPECT_EQ(completed[1].code, "message.malformed");
    EXPECT_EQ(completed[2].code, "echo.protocol");
    EXPECT_EQ(completed[3].token, tokens[3]);
    EXPECT_EQ(completed[3].status, PATCHBAY_OK);
    EXPECT_EQ(host.deliveries().size(), 1U);
}

}  // namespace
}  // namespace patchbay::echo
