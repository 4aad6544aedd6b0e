// SPDX-License-Identifier: Apache-2.0
/// \file
/// The gateway as agents see it. The identity subsystem is a double; that of the host has its own
/// tests, and tests/integration/agent_gateway_test.py has both.
#include "agent_gateway_connection.hpp"

#include "client_frames.hpp"
#include "frames/agent_message.hpp"
#include "frames/envelope_frame.hpp"
#include "gateway_bench.hpp"
#include "waiting_answers.hpp"

#include <patchbay/protocols/default.hpp>
#include <patchbay/protocols/http.hpp>

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace patchbay::agent_gateway::test {

namespace {

using std::chrono::seconds;
using websocket::Opcode;

// ---- Registration -------------------------------------------------------------------------------

TEST(Registration, IsAnsweredAsUpstreamDoes) {
    GatewayBench bench;
    AgentClient client = bench.client();
    const Json answer =
        client.ask(request("register_agent", {{"agent_id", "a"}, {"metadata", {{"name", "A"}}}}));
    EXPECT_EQ(answer["type"], "system_response");
    EXPECT_EQ(answer["command"], "register_agent");
    EXPECT_EQ(answer["success"], true);
    EXPECT_EQ(answer["network_name"], "TestNet");
    EXPECT_EQ(answer["network_id"], "test-node");
    EXPECT_EQ(answer["metadata"], Json::object());
    EXPECT_EQ(bench.identity().agents().at("a").metadata, R"({"name": "A"})");
    EXPECT_TRUE(bench.identity().agents().at("a").remote.starts_with("127.0.0.1:"));
}

TEST(Registration, TakesCertificateAndForceFromMetadataAndKeepsThemOutOfIt) {
    GatewayBench bench;
    const Json certificate = {{"agent_id", "a"}, {"issued_at", 1640995200.0}};
    AgentClient first = bench.client();
    first.register_as(
        "a", {{"metadata", {{"certificate", certificate}, {"force_reconnect", true}, {"x", 1}}}});
    DoubleAgent agent = bench.identity().agents().at("a");
    EXPECT_EQ(agent.metadata, R"({"x": 1})");
    EXPECT_EQ(Json::parse(agent.certificate), certificate);
    EXPECT_NE(agent.certificate.find("1640995200.0"), std::string::npos) << agent.certificate;
    EXPECT_TRUE(agent.forced);
    AgentClient second = bench.client();
    second.register_as("b", {{"certificate", certificate}});
    EXPECT_EQ(Json::parse(bench.identity().agents().at("b").certificate), certificate);
    AgentClient third = bench.client();
    third.register_as("c", {{"certificate", Json::object()}});
    EXPECT_EQ(bench.identity().agents().at("c").certificate, "");
}

TEST(Registration, ForceIsTrueOrItIsNot) {
    GatewayBench bench;
    AgentClient client = bench.client();
    client.register_as("a", {{"force_reconnect", "no"}});
    EXPECT_FALSE(bench.identity().agents().at("a").forced);
}

TEST(Registration, ForceIsWhatPythonTakesForTrueInCompatibility) {
    GatewayBench bench(Json::object(), true);
    AgentClient client = bench.client();
    client.register_as("a", {{"force_reconnect", "no"}});
    EXPECT_TRUE(bench.identity().agents().at("a").forced);
}

TEST(Registration, RefusalsLeaveTheSocketOpen) {
    GatewayBench bench;
    AgentClient owner = bench.agent("a");
    AgentClient client = bench.client();
    EXPECT_EQ(client.ask(request("register_agent"))["error"], "Missing agent_id");
    EXPECT_EQ(client.ask(request("register_agent", {{"agent_id", ""}}))["error"],
              "Missing agent_id");
    EXPECT_EQ(client.ask(request("register_agent", {{"agent_id", 5}}))["error_code"],
              "invalid_agent_id");
    EXPECT_EQ(client.ask(request("register_agent",
                                 {{"agent_id", "x"}, {"metadata", "text"}}))["error_code"],
              "invalid_metadata");
    const Json taken = client.ask(request("register_agent", {{"agent_id", "a"}}));
    EXPECT_EQ(taken["success"], false);
    EXPECT_EQ(taken["error"], "Agent with this ID is already connected");
    EXPECT_EQ(taken["error_code"], "identity.already_connected");
    client.register_as("b");
}

TEST(Registration, OneSocketIsOneAgent) {
    GatewayBench bench;
    AgentClient client = bench.agent("a");
    EXPECT_EQ(client.ask(request("register_agent", {{"agent_id", "b"}}))["error_code"],
              "already_registered");
    EXPECT_EQ(bench.identity().agents().count("b"), 0U);
    client.register_as("a", {{"metadata", {{"name", "new"}}}});
    EXPECT_EQ(bench.identity().agents().at("a").metadata, R"({"name": "new"})");
    AgentClient other = bench.agent("other");
    other.send(direct("other", "a", {}));
    EXPECT_EQ(client.receive_json()["type"], "message");
}

TEST(Registration, NothingIsSentBeforeItsAnswer) {
    GatewayBench bench;
    AgentClient listener = bench.client();
    AgentClient speaker = bench.agent("speaker");
    Json broadcast = direct("speaker", "x", {{"text", "all"}});
    broadcast["data"]["message_type"] = "broadcast_message";
    speaker.send(broadcast);
    EXPECT_TRUE(speaker.is_quiet());
    EXPECT_TRUE(listener.is_quiet());
}

TEST(Registration, BeforeItLittleIsAllowed) {
    GatewayBench bench;
    AgentClient client = bench.client();
    EXPECT_EQ(client.ask(request("ping_agent", {{"timestamp", 1.5}}))["timestamp"], 1.5);
    EXPECT_EQ(client.ask(request("validate_certificate", {{"certificate", {{"n", 1}}}}))["valid"],
              true);
    for (const char* command : {"list_agents", "claim_agent_id", "get_network_info", "list_mods",
                                "renew_certificate", "subscribe", "nonsense"}) {
        const Json answer = client.ask(request(command, {{"agent_id", "a"}, {"request_id", 7}}));
        EXPECT_EQ(answer["command"], command);
        EXPECT_EQ(answer["success"], false);
        EXPECT_EQ(answer["error"], "Not registered");
        EXPECT_EQ(answer["error_code"], "not_registered");
        EXPECT_EQ(answer["request_id"], 7);
    }
    EXPECT_EQ(client.ask(direct("a", "b", {}))["error_code"], "not_registered");
}

TEST(Registration, TakesTheSocketOfAnOlderOneWithCode4000) {
    GatewayBench bench;
    AgentClient old = bench.agent("a");
    AgentClient fresh = bench.client();
    fresh.register_as("a", {{"force_reconnect", true}});
    EXPECT_EQ(old.receive().close_code(), 4000);
    AgentClient other = bench.agent("b");
    other.send(direct("b", "a", {{"text", "hi"}}));
    EXPECT_EQ(fresh.receive_json()["data"]["content"]["text"], "hi");
    old.end();
    other.send(direct("b", "a", {{"text", "still there"}}));
    EXPECT_EQ(fresh.receive_json()["data"]["content"]["text"], "still there");
}

TEST(Registration, EndsWithTheSocket) {
    GatewayBench bench;
    AgentClient client = bench.agent("a");
    client.end();
    bench.wait_for_session("a", false);
    AgentClient polite = bench.agent("a");
    polite.send_raw(client_frame(Opcode::close, "\x03\xE8"));
    EXPECT_EQ(polite.receive().close_code(), 1000);
    EXPECT_EQ(polite.receive().close_code(), 0);
    bench.wait_for_metric("open_sockets", 0);
}

TEST(Registration, MustComeInTime) {
    GatewayBench bench(Json{{"registration_timeout", 10}});
    AgentClient slow = bench.client();
    AgentClient quick = bench.agent("quick");
    EXPECT_TRUE(slow.is_quiet());
    bench.advance(seconds(11));
    EXPECT_EQ(slow.receive().close_code(), 1008);
    EXPECT_TRUE(quick.is_quiet());
}

TEST(Registration, ThatIsGrantedTooLateIsGivenBack) {
    GatewayBench bench;
    bench.identity().hold_answers();
    AgentClient client = bench.client();
    client.send(request("register_agent", {{"agent_id", "a"}}));
    bench.wait_until_asked("a");
    client.reset();
    bench.wait_for_metric("open_sockets", 0);
    bench.identity().answer_held();
    bench.wait_for_session("a", false);
}

TEST(Registration, HoldsUpOnlyTheFramesOfItsOwnSocket) {
    GatewayBench bench;
    bench.identity().hold_answers();
    AgentClient client = bench.client();
    AgentClient other = bench.client();
    client.send(request("register_agent", {{"agent_id", "a"}}));
    client.send(request("ping_agent", {{"timestamp", 1}}));
    bench.wait_until_asked("a");
    EXPECT_EQ(other.ask(request("ping_agent", {{"timestamp", 2}}))["timestamp"], 2);
    bench.identity().answer_held();
    EXPECT_EQ(client.receive_json()["command"], "register_agent");
    EXPECT_EQ(client.receive_json()["timestamp"], 1);
}

// ---- Commands -----------------------------------------------------------------------------------

TEST(Commands, ClaimRenewValidateAndRelease) {
    GatewayBench bench;
    AgentClient client = bench.agent("a");
    const Json claimed = client.ask(request("claim_agent_id", {{"agent_id", "a"}}));
    EXPECT_EQ(claimed["success"], true);
    EXPECT_EQ(claimed["agent_id"], "a");
    EXPECT_EQ(claimed["certificate"]["agent_id"], "a");
    const Json again =
        client.ask(request("claim_agent_id", {{"agent_id", "a"}, {"request_id", "r"}}));
    EXPECT_EQ(again["success"], false);
    EXPECT_EQ(again["error"], "Agent ID a is already claimed");
    EXPECT_EQ(again["error_code"], "identity.already_claimed");
    EXPECT_EQ(again["request_id"], "r");
    EXPECT_FALSE(again.contains("agent_id"));
    const Json other = client.ask(request("claim_agent_id", {{"agent_id", "b"}}));
    EXPECT_EQ(other["success"], false);
    EXPECT_EQ(
        client.ask(request("renew_certificate", {{"void_earlier", true}}))["certificate"]["flags"],
        static_cast<int>(PATCHBAY_IDENTITY_VOID_EARLIER));
    EXPECT_EQ(client.ask(request("release_agent_id", {{"agent_id", "b"}}))["error_code"],
              "wrong_agent_id");
    EXPECT_EQ(client.ask(request("release_agent_id", {{"agent_id", "a"}}))["success"], true);
    EXPECT_FALSE(bench.identity().agents().at("a").claimed);
    const Json invalid =
        client.ask(request("validate_certificate", {{"certificate", {{"agent_id", "q"}}}}));
    EXPECT_EQ(invalid["success"], true);
    EXPECT_EQ(invalid["valid"], false);
    EXPECT_EQ(invalid["agent_id"], "q");
    EXPECT_EQ(client.ask(request("validate_certificate"))["error"], "Missing certificate data");
    EXPECT_EQ(client.ask(request("validate_certificate", {{"certificate", "abc"}}))["success"],
              false);
}

TEST(Commands, ListAgentsPageByPage) {
    GatewayBench bench(Json{{"max_listed_agents", 2}});
    AgentClient a = bench.agent("a");
    AgentClient b = bench.agent("b");
    AgentClient c = bench.agent("c");
    const Json first = a.ask(request("list_agents", {{"agent_id", "a"}}));
    ASSERT_EQ(first["agents"].size(), 2U);
    EXPECT_EQ(first["agents"][0]["agent_id"], "a");
    EXPECT_EQ(first["agents"][0]["connected"], true);
    EXPECT_EQ(first["next_after"], "b");
    const Json second =
        a.ask(request("list_agents", {{"agent_id", "a"}, {"after", first["next_after"]}}));
    ASSERT_EQ(second["agents"].size(), 1U);
    EXPECT_EQ(second["agents"][0]["agent_id"], "c");
    EXPECT_FALSE(second.contains("next_after"));
}

TEST(Commands, TellAboutTheNetwork) {
    GatewayBench bench(Json{{"may_address", {"echo"}}});
    AgentClient client = bench.agent("a");
    const Json info = client.ask(request("get_network_info", {{"request_id", "r-1"}}));
    EXPECT_EQ(info["network_info"], (Json{{"name", "TestNet"},
                                          {"node_id", "test-node"},
                                          {"mode", "centralized"},
                                          {"mods", {"echo"}},
                                          {"agent_count", 1}}));
    EXPECT_EQ(info["request_id"], "r-1");
    EXPECT_EQ(client.ask(request("list_mods"))["mods"][0]["name"], "echo");
    EXPECT_EQ(client.ask(request("list_protocols"))["protocols"][0]["name"], "echo");
    for (const char* command : {"get_mod_manifest", "get_protocol_manifest"}) {
        EXPECT_EQ(client.ask(request(command))["success"], false);
    }
}

TEST(Commands, WhatUpstreamMeetsWithSilenceIsAnswered) {
    GatewayBench bench;
    AgentClient client = bench.agent("a");
    EXPECT_EQ(client.ask(request("nonsense"))["error_code"], "unknown_command");
    client.send_text("{nope");
    EXPECT_EQ(client.receive_json()["error_code"], "invalid_json");
    client.send_text("[1, 2]");
    EXPECT_EQ(client.receive_json()["error_code"], "invalid_frame");
    client.send_text("{}");
    const Json answer = client.receive_json();
    EXPECT_EQ(answer["type"], "system_response");
    EXPECT_EQ(answer["success"], false);
}

TEST(Commands, BinaryFramesMayHoldJson) {
    GatewayBench bench;
    AgentClient client = bench.agent("a");
    client.send_binary(request("ping_agent", {{"timestamp", 2}}).dump());
    EXPECT_EQ(client.receive_json()["timestamp"], 2);
}

TEST(Commands, AreLimitedPerSecond) {
    GatewayBench bench(Json{{"requests_per_second", 3}});
    AgentClient client = bench.agent("a");
    EXPECT_EQ(client.ask(request("ping_agent"))["success"], true);
    EXPECT_EQ(client.ask(request("ping_agent"))["success"], true);
    EXPECT_EQ(client.ask(request("ping_agent"))["error_code"], "rate_limited");
    bench.advance(seconds(1));
    EXPECT_EQ(client.ask(request("ping_agent"))["success"], true);
}

TEST(Heartbeat, APongIsMatchedByItsSocket) {
    GatewayBench bench;
    AgentClient client = bench.agent("a");
    bench.identity().ping("a", 4711);
    const Json ping = client.receive_json();
    EXPECT_EQ(ping, (Json{{"type", "system_request"},
                          {"command", "ping_agent"},
                          {"timestamp", 4711},
                          {"agent_id", "a"}}));
    Json pong = {{"type", "system_response"},
                 {"command", "ping_agent"},
                 {"success", true},
                 {"timestamp", 4711.0}};
    client.send(pong);
    EXPECT_TRUE(client.is_quiet());
    pong["agent_id"] = "b";
    EXPECT_EQ(client.ask(pong)["error_code"], "wrong_agent_id");
    pong["agent_id"] = "a";
    pong["success"] = false;
    client.send(pong);
    EXPECT_TRUE(client.is_quiet());
    const auto pongs = bench.identity().pongs();
    ASSERT_EQ(pongs.size(), 2U);
    EXPECT_EQ(pongs[0].value, 4711U);
    EXPECT_TRUE(pongs[0].success);
    EXPECT_FALSE(pongs[1].success);
}

TEST(Heartbeat, EveryFrameIsASignOfLifeButNotAPingOfWebSocket) {
    GatewayBench bench;
    AgentClient client = bench.agent("a");
    EXPECT_EQ(bench.identity().agents().at("a").touches, 0U);
    EXPECT_TRUE(client.is_quiet());
    EXPECT_EQ(bench.identity().agents().at("a").touches, 0U);
    static_cast<void>(client.ask(request("ping_agent")));
    static_cast<void>(client.ask(direct("a", "nobody", {})));
    EXPECT_EQ(bench.identity().agents().at("a").touches, 2U);
}

TEST(Heartbeat, AnEndedSessionIsToldByItsCode) {
    GatewayBench bench;
    AgentClient silent = bench.agent("silent");
    AgentClient removed = bench.agent("removed");
    bench.identity().end_session("silent", PATCHBAY_SESSION_END_TIMEOUT, "silent for 90 s");
    const Received close = silent.receive();
    EXPECT_EQ(close.close_code(), 4001);
    EXPECT_EQ(close.payload.substr(2), "silent for 90 s");
    bench.identity().end_session("removed", PATCHBAY_SESSION_END_REMOVED, "by an operator");
    EXPECT_EQ(removed.receive().close_code(), 1008);
}

TEST(Presence, IsToldOnRequest) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    AgentClient b = bench.agent("b");
    EXPECT_EQ(a.ask(request("subscribe"))["success"], true);
    EXPECT_TRUE(bench.identity().is_subscribed());
    bench.identity().change(PATCHBAY_AGENT_JOINED, "c", R"({"agent_id": "c"})");
    EXPECT_EQ(a.receive_json(), (Json{{"type", "system_event"},
                                      {"event", "agent_joined"},
                                      {"agent_id", "c"},
                                      {"agent", {{"agent_id", "c"}}}}));
    EXPECT_TRUE(b.is_quiet());
    EXPECT_EQ(a.ask(request("unsubscribe"))["success"], true);
    EXPECT_FALSE(bench.identity().is_subscribed());
    EXPECT_EQ(b.ask(request("subscribe"))["success"], true);
    b.end();
    bench.wait_for_metric("agents", 1);
    EXPECT_FALSE(bench.identity().is_subscribed());
}

// ---- Messages -----------------------------------------------------------------------------------

TEST(Messages, ADirectOneArrivesAsItWasSent) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    AgentClient b = bench.agent("b");
    const std::string text = direct("a", "b", {{"text", "h\u00e9"}}).dump(1);
    a.send_text(text);
    EXPECT_EQ(b.receive().payload, text);
    EXPECT_TRUE(a.is_quiet());
}

TEST(Messages, AnOldUnwrappedOneArrivesWrapped) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    AgentClient b = bench.agent("b");
    a.send({{"message_type", "direct_message"}, {"sender_id", "a"}, {"target_agent_id", "b"}});
    const Json got = b.receive_json();
    EXPECT_EQ(got["type"], "message");
    EXPECT_EQ(got["data"]["sender_id"], "a");
    EXPECT_TRUE(got["data"]["timestamp"].is_number_integer());
    EXPECT_TRUE(got["data"]["message_id"].is_string());
}

TEST(Messages, WhatIsNotDeliveredIsToldToTheSender) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    const Json unknown = a.ask(direct("a", "nobody", {}));
    EXPECT_EQ(unknown["type"], "system_response");
    EXPECT_EQ(unknown["command"], "send_message");
    EXPECT_EQ(unknown["success"], false);
    EXPECT_EQ(unknown["error_code"], "unknown_agent");
    EXPECT_EQ(unknown["message_id"], "m-a");
    { AgentClient b = bench.agent("b"); }
    bench.wait_for_metric("agents", 1);
    EXPECT_EQ(a.ask(direct("a", "b", {}))["error_code"], "agent_offline");
    EXPECT_EQ(a.ask(direct("a", "a", {}))["error_code"], "target_is_sender");
    EXPECT_EQ(a.ask(direct("a", "fetchai/stub:0.21.0", {}))["error_code"], "not_allowed");
    EXPECT_EQ(a.ask(direct("someone", "a", {}))["error_code"], "wrong_sender");
}

TEST(Messages, ThoseThatWouldKillAReceiverAreRefused) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    AgentClient b = bench.agent("b");
    Json weird = direct("a", "b", {});
    weird["data"]["message_type"] = "weird";
    EXPECT_EQ(a.ask(weird)["error_code"], "invalid_message");
    EXPECT_TRUE(b.is_quiet());
}

TEST(Messages, BroadcastsReachTheOthersButThoseExcluded) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    AgentClient b = bench.agent("b");
    AgentClient c = bench.agent("c");
    Json broadcast = direct("a", "x", {{"text", "all"}});
    broadcast["data"]["message_type"] = "broadcast_message";
    broadcast["data"].erase("target_agent_id");
    broadcast["data"]["exclude_agent_ids"] = {"c"};
    a.send(broadcast);
    EXPECT_EQ(b.receive_json(), broadcast);
    EXPECT_TRUE(a.is_quiet());
    EXPECT_TRUE(c.is_quiet());
}

TEST(Messages, BroadcastsReachTheAgentsOfAllLanes) {
    GatewayBench bench(Json::object(), false, 2);
    std::vector<AgentClient> agents;
    for (int i = 0; i < 16; ++i) {
        agents.push_back(bench.agent("agent-" + std::to_string(i)));
    }
    Json broadcast = direct("agent-0", "x", {});
    broadcast["data"]["message_type"] = "broadcast_message";
    agents[0].send(broadcast);
    for (std::size_t i = 1; i < agents.size(); ++i) {
        EXPECT_EQ(agents[i].receive_json()["data"]["message_type"], "broadcast_message");
    }
}

TEST(Messages, ModMessagesGoToAnAgentOrAnAllowedConnection) {
    GatewayBench bench(Json{{"may_address", {"echo"}}});
    AgentClient a = bench.agent("a");
    AgentClient b = bench.agent("b");
    Json mod = direct("a", "b", {{"action", "do"}});
    mod["data"]["message_type"] = "mod_message";
    mod["data"]["mod"] = "x.y";
    a.send(mod);
    const Json got = b.receive_json();
    EXPECT_EQ(got["data"]["message_type"], "direct_message");
    EXPECT_EQ(got["data"]["mod"], "x.y");
    mod["data"].erase("target_agent_id");
    EXPECT_EQ(a.ask(mod)["error_code"], "unknown_mod");
    mod["data"]["mod"] = "echo";
    a.send(mod);
    EXPECT_EQ(bench.host().wait_for_deliveries(1).at(0).envelope.to, "echo");
}

TEST(Messages, InCompatibilityEverybodyIsTrusted) {
    GatewayBench bench(Json::object(), true);
    AgentClient stranger = bench.client();
    AgentClient b = bench.agent("b");
    stranger.send(direct("ghost", "b", {{"text", "boo"}}));
    EXPECT_EQ(b.receive_json()["data"]["sender_id"], "ghost");
    EXPECT_EQ(stranger.ask(request("list_agents", {{"agent_id", "b"}}))["success"], true);
}

// ---- Envelopes ----------------------------------------------------------------------------------

TEST(Envelopes, AMessageToAnAgentElsewhereBecomesOne) {
    GatewayBench bench;
    bench.identity().add_elsewhere("far");
    AgentClient a = bench.agent("a");
    const Json message = direct("a", "far", {{"text", "hi"}});
    a.send(message);
    const testing::Delivered sent = bench.host().wait_for_deliveries(1).at(0);
    EXPECT_EQ(sent.envelope.to, "far");
    EXPECT_EQ(sent.envelope.sender, "a");
    EXPECT_EQ(sent.envelope.protocol_id, agent_message_protocol_id);
    EXPECT_EQ(Json::parse(sent.envelope.message), message["data"]);
    EXPECT_TRUE(sent.in_block);
}

TEST(Envelopes, OneWithAMessageReachesItsAgent) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    const Json message = direct("far", "a", {{"text", "hi"}});
    const auto token = bench.host().push(
        {"a", "far", std::string(agent_message_protocol_id), message["data"].dump()});
    EXPECT_EQ(a.receive_json(), message);
    EXPECT_EQ(bench.host().wait_for_completions(1).at(0).token, token);
    EXPECT_EQ(bench.host().completions().at(0).status, PATCHBAY_OK);
}

TEST(Envelopes, TheSenderOfAMessageIsThatOfItsEnvelope) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    bench.host().push({"a", "far", std::string(agent_message_protocol_id),
                       direct("someone", "else", {})["data"].dump()});
    const Json got = a.receive_json();
    EXPECT_EQ(got["data"]["sender_id"], "far");
    EXPECT_EQ(got["data"]["target_agent_id"], "a");
}

TEST(Envelopes, OneThatWouldKillItsReceiverFails) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    bench.host().push({"a", "far", std::string(agent_message_protocol_id), "{\"content\": 5}"});
    EXPECT_EQ(bench.host().wait_for_completions(1).at(0).code, "agent_gateway.bad_message");
    EXPECT_TRUE(a.is_quiet());
    bench.host().push({"nobody", "far", std::string(agent_message_protocol_id), "{}"});
    EXPECT_EQ(bench.host().wait_for_completions(2).at(1).code, "agent_gateway.no_such_agent");
}

TEST(Envelopes, WhatTheMultiplexerRefusesIsToldToTheSender) {
    GatewayBench bench;
    bench.identity().add_elsewhere("full");
    bench.identity().add_elsewhere("gone");
    AgentClient a = bench.agent("a");
    bench.host().fill("full");
    EXPECT_EQ(a.ask(direct("a", "full", {}))["error_code"], "overloaded");
    bench.host().refuse("gone", PATCHBAY_REASON_NO_ROUTE);
    EXPECT_EQ(a.ask(direct("a", "gone", {}))["error_code"], "unknown_agent");
    EXPECT_EQ(bench.host().blocks_held(), 0U);
}

Envelope http_request(const std::string& to) {
    protocols::HttpMessageView message;
    message.header = {"reference", "", 1, 0, {}};
    message.body =
        protocols::HttpRequestView{"get", "http://localhost/hello", "HTTP/1.1", "A: b\r\n", "body"};
    return {to, "valory/http_server:0.22.0", std::string(protocols::http_protocol_id),
            protocols::encode(message).value()};
}

TEST(Envelopes, AnAgentAnswersAnHttpRequest) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    const auto token = bench.host().push(http_request("a"));
    const Json data = a.receive_json()["data"];
    EXPECT_EQ(data["sender_id"], "valory/http_server:0.22.0");
    EXPECT_EQ(data["target_agent_id"], "a");
    EXPECT_EQ(data["requires_response"], true);
    EXPECT_EQ(data["content"]["protocol_id"], "valory/http:1.0.0");
    EXPECT_EQ(data["content"]["to"], "a");
    EXPECT_EQ(data["content"]["sender"], "valory/http_server:0.22.0");
    EXPECT_EQ(data["content"]["body"]["url"], "http://localhost/hello");
    EXPECT_TRUE(bench.host().completions().empty());
    Json answer = direct("a", data["sender_id"], {{"status_code", 201}, {"body", "hello"}});
    answer["data"]["in_reply_to"] = data["message_id"];
    a.send(answer);
    const testing::Delivered sent = bench.host().wait_for_deliveries(1).at(0);
    EXPECT_EQ(sent.envelope.to, "valory/http_server:0.22.0");
    EXPECT_EQ(sent.envelope.sender, "a");
    EXPECT_EQ(sent.parent, token);
    const auto message = protocols::decode_http(sent.envelope.message).value();
    EXPECT_EQ(message.header.starter_reference, "reference");
    EXPECT_EQ(message.header.message_id, -1);
    EXPECT_EQ(message.header.target, 1);
    EXPECT_EQ(std::get<protocols::HttpResponseView>(message.body).status_code, 201);
    EXPECT_EQ(bench.host().wait_for_completions(1).at(0).status, PATCHBAY_OK);
    // Once only.
    EXPECT_EQ(a.ask(answer)["error_code"], "not_waiting");
}

TEST(Envelopes, AnAnswerOfAnotherAgentIsRefused) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    AgentClient b = bench.agent("b");
    bench.host().push(http_request("a"));
    const Json data = a.receive_json()["data"];
    Json answer = direct("b", data["sender_id"], {{"body", "mine"}});
    answer["data"]["in_reply_to"] = data["message_id"];
    EXPECT_EQ(b.ask(answer)["error_code"], "not_waiting");
}

TEST(Envelopes, AnAnswerThatMakesNoMessageMayBeMended) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    bench.host().push(http_request("a"));
    const Json data = a.receive_json()["data"];
    Json answer = direct("a", data["sender_id"], {{"status_code", "fine"}});
    answer["data"]["metadata"]["in_reply_to"] = data["message_id"];
    EXPECT_EQ(a.ask(answer)["error_code"], "invalid_message");
    answer["data"]["content"] = {{"protocol_id", "valory/http:1.0.0"}, {"body", {{"body", "x"}}}};
    a.send(answer);
    EXPECT_EQ(bench.host().wait_for_deliveries(1).size(), 1U);
}

TEST(Envelopes, WaitNoLongerThanTheTimeLimit) {
    GatewayBench bench(Json{{"answer_timeout", 5}});
    AgentClient a = bench.agent("a");
    bench.host().push(http_request("a"));
    static_cast<void>(a.receive_json());
    bench.advance(seconds(6));
    EXPECT_EQ(bench.host().wait_for_completions(1).at(0).code, "agent_gateway.no_answer");
}

TEST(Envelopes, DoNotWaitForAnAgentThatLeft) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    bench.host().push(http_request("a"));
    static_cast<void>(a.receive_json());
    a.end();
    EXPECT_EQ(bench.host().wait_for_completions(1).at(0).code, "agent_gateway.agent_left");
}

TEST(Envelopes, ThatWaitAreBounded) {
    GatewayBench bench(Json{{"max_pending_answers", 1}});
    AgentClient a = bench.agent("a");
    bench.host().push(http_request("a"));
    bench.host().push(http_request("a"));
    EXPECT_EQ(bench.host().wait_for_completions(1).at(0).code, "agent_gateway.too_many_pending");
}

TEST(Envelopes, OfOtherProtocolsAreDoneAndMayStillBeAnswered) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    protocols::DefaultMessage message;
    message.header = {"ref", "", 1, 0};
    message.body = protocols::DefaultBytes{"ping"};
    bench.host().push({"a", "peer", std::string(protocols::default_protocol_id),
                       protocols::encode(message).value()});
    const Json data = a.receive_json()["data"];
    EXPECT_EQ(data["content"]["body"]["content"], "ping");
    EXPECT_EQ(data["requires_response"], false);
    EXPECT_EQ(bench.host().wait_for_completions(1).at(0).status, PATCHBAY_OK);
    Json answer = direct("a", "peer", {{"content", "pong"}});
    answer["data"]["in_reply_to"] = data["message_id"];
    a.send(answer);
    const testing::Delivered sent = bench.host().wait_for_deliveries(1).at(0);
    EXPECT_EQ(sent.envelope.to, "peer");
    EXPECT_EQ(sent.parent, 0U);
    const auto got = protocols::decode_default(sent.envelope.message).value();
    EXPECT_EQ(std::get<protocols::DefaultBytes>(got.body).content, "pong");
    EXPECT_EQ(got.header.message_id, -1);
}

TEST(Envelopes, ThatMayBeAnsweredTakeNoPlaceOfRequests) {
    GatewayBench bench(Json{{"max_pending_answers", 1}});
    AgentClient a = bench.agent("a");
    protocols::DefaultMessage message;
    message.header = {"ref", "", 1, 0};
    message.body = protocols::DefaultBytes{"ping"};
    const std::string bytes = protocols::encode(message).value();
    Json first;
    Json last;
    for (std::size_t i = 0; i <= WaitingAnswers::bound; ++i) {
        bench.host().push({"a", "peer", std::string(protocols::default_protocol_id), bytes});
        last = a.receive_json()["data"];
        first = i == 0 ? last : first;
    }
    bench.host().push(http_request("a"));
    EXPECT_EQ(a.receive_json()["data"]["content"]["protocol_id"], protocols::http_protocol_id);
    // The oldest was forgotten for the newest.
    Json answer = direct("a", "peer", {{"content", "pong"}});
    answer["data"]["in_reply_to"] = first["message_id"];
    EXPECT_EQ(a.ask(answer)["error_code"], "not_waiting");
    answer["data"]["in_reply_to"] = last["message_id"];
    a.send(answer);
    EXPECT_EQ(bench.host().wait_for_deliveries(1).at(0).envelope.to, "peer");
}

TEST(Envelopes, GoToConnectionsThatAreListedOnly) {
    GatewayBench bench(Json{{"may_address", {"echo", "me/other:0.1.0"}}});
    AgentClient a = bench.agent("a");
    a.send(direct("a", "echo",
                  {{"protocol_id", "fetchai/default:1.0.0"}, {"body", {{"content", "hi"}}}}));
    const testing::Delivered sent = bench.host().wait_for_deliveries(1).at(0);
    EXPECT_EQ(sent.envelope.to, "echo");
    EXPECT_EQ(sent.envelope.protocol_id, "fetchai/default:1.0.0");
    const auto message = protocols::decode_default(sent.envelope.message).value();
    EXPECT_EQ(message.header.starter_reference, "m-a");
    EXPECT_EQ(std::get<protocols::DefaultBytes>(message.body).content, "hi");
    EXPECT_EQ(a.ask(direct("a", "valory/http_client:0.23.0", {}))["error_code"], "not_allowed");
    // What comes back names the message that it answers.
    protocols::DefaultMessage answer;
    answer.header = {"m-a", "r", -1, 1};
    answer.body = protocols::DefaultBytes{"there"};
    bench.host().push({"a", "echo", std::string(protocols::default_protocol_id),
                       protocols::encode(answer).value()});
    const Json data = a.receive_json()["data"];
    EXPECT_EQ(data["in_reply_to"], "m-a");
    EXPECT_EQ(data["content"]["body"]["content"], "there");
}

// ---- The subprotocol of envelopes ---------------------------------------------------------------

constexpr std::string_view envelope_header = "Sec-WebSocket-Protocol: patchbay.envelope.v1\r\n";

Envelope next_envelope(AgentClient& client) {
    const Received frame = client.receive();
    EXPECT_EQ(frame.opcode, Opcode::binary);
    std::string_view bytes = frame.payload;
    const auto encoded = take_delimited(bytes);
    return decode(encoded.value()).value();
}

TEST(EnvelopeSubprotocol, CarriesSeveralEnvelopesInAFrame) {
    GatewayBench bench;
    AgentClient a = bench.client(envelope_header);
    a.register_as("a");
    AgentClient b = bench.client(envelope_header);
    b.register_as("b");
    const Envelope one{"b", "a", "me/p:0.1.0", std::string("\0\xFF", 2)};
    const Envelope two{"b", "a", "me/p:0.1.0", "two"};
    std::string frame;
    append_envelope(frame, one.view());
    append_envelope(frame, two.view());
    a.send_binary(frame);
    EXPECT_EQ(next_envelope(b), one);
    EXPECT_EQ(next_envelope(b), two);
}

TEST(EnvelopeSubprotocol, MeetsAgentsThatSpeakJson) {
    GatewayBench bench;
    AgentClient a = bench.client(envelope_header);
    a.register_as("a");
    AgentClient b = bench.agent("b");
    std::string frame;
    append_envelope(frame, Envelope{"b", "a", "me/p:0.1.0", "foob"}.view());
    a.send_binary(frame);
    const Json data = b.receive_json()["data"];
    EXPECT_EQ(data["sender_id"], "a");
    EXPECT_EQ(data["content"]["body"]["message_base64"], "Zm9vYg==");
    const Json message = direct("b", "a", {{"text", "hi"}});
    b.send(message);
    const Envelope envelope = next_envelope(a);
    EXPECT_EQ(envelope.sender, "b");
    EXPECT_EQ(envelope.protocol_id, agent_message_protocol_id);
    EXPECT_EQ(Json::parse(envelope.message), message["data"]);
}

TEST(EnvelopeSubprotocol, AnswersRequestsByTheirDialogue) {
    GatewayBench bench;
    AgentClient a = bench.client(envelope_header);
    a.register_as("a");
    bench.host().push(http_request("a"));
    const Envelope asked = next_envelope(a);
    EXPECT_EQ(asked.sender, "component:valory/http_server:0.22.0");
    protocols::HttpMessageView response;
    response.header = {"reference", "mine", -1, 1, {}};
    response.body = protocols::HttpResponseView{"HTTP/1.1", 204, "No Content", "", ""};
    std::string frame;
    append_envelope(
        frame,
        Envelope{asked.sender, "a", asked.protocol_id, protocols::encode(response).value()}.view());
    a.send_binary(frame);
    const testing::Delivered sent = bench.host().wait_for_deliveries(1).at(0);
    EXPECT_EQ(sent.envelope.to, "valory/http_server:0.22.0");
    EXPECT_NE(sent.parent, 0U);
    // No further one: the dialogue has ended, and the server is not on the list.
    a.send_binary(frame);
    EXPECT_EQ(a.receive_json()["error_code"], "not_allowed");
}

TEST(EnvelopeSubprotocol, RefusesWhatIsNoEnvelopeOrNotItsOwn) {
    GatewayBench bench;
    AgentClient a = bench.client(envelope_header);
    a.send_binary("x");
    EXPECT_EQ(a.receive_json()["error_code"], "not_registered");
    a.register_as("a");
    a.send_binary("\x05x");
    EXPECT_EQ(a.receive_json()["error_code"], "envelope.malformed");
    std::string frame;
    append_envelope(frame, Envelope{"b", "someone", "me/p:0.1.0", ""}.view());
    a.send_binary(frame);
    EXPECT_EQ(a.receive_json()["error_code"], "wrong_sender");
}

// ---- Sockets ------------------------------------------------------------------------------------

TEST(Sockets, TellVisitorsWhatThisIs) {
    GatewayBench bench;
    AgentClient visitor(bench.port(), {}, false);
    visitor.send_raw("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string answer = visitor.receive_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    const Json body = Json::parse(answer.substr(answer.find("\r\n\r\n")));
    EXPECT_EQ(body["service"], "Patchbay agent gateway");
    EXPECT_EQ(body["network_name"], "TestNet");
}

TEST(Sockets, ThatBreakTheRulesAreClosedWithTheirCode) {
    GatewayBench bench(Json{{"max_message_size", 2000}});
    AgentClient masked = bench.agent("masked");
    masked.send_raw(std::string("\x81\x01x", 3));
    EXPECT_EQ(masked.receive().close_code(), 1002);
    AgentClient large = bench.agent("large");
    large.send_text(std::string(2001, 'x'));
    EXPECT_EQ(large.receive().close_code(), 1009);
    AgentClient text = bench.agent("text");
    text.send_text("\xFF");
    EXPECT_EQ(text.receive().close_code(), 1007);
    EXPECT_EQ(text.receive().close_code(), 0);
    bench.wait_for_metric("agents", 0);
}

TEST(Sockets, AreAskedForASignOfLifeWhenTheyAreQuiet) {
    GatewayBench bench(Json{{"keepalive_interval", 20}});
    AgentClient client = bench.agent("a");
    EXPECT_TRUE(client.is_quiet());
    bench.advance(seconds(20));
    EXPECT_TRUE(client.is_quiet());  // it was heard of: no ping
    bench.advance(seconds(20));
    EXPECT_TRUE(client.is_quiet());
    bench.advance(seconds(20));
    bench.advance(seconds(20));
    EXPECT_EQ(client.receive().opcode, Opcode::ping);
    bench.advance(seconds(20));
    EXPECT_EQ(client.receive().close_code(), 0);
    bench.wait_for_metric("keepalive_failures", 1);
}

TEST(Sockets, ThatBecomeReadyTogetherKeepTheOrderOfEachToItsEnd) {
    constexpr std::size_t senders = 5;
    constexpr std::size_t messages = 60;
    GatewayBench bench;
    AgentClient receiver = bench.agent("r");
    std::vector<AgentClient> clients;
    for (std::size_t i = 0; i < senders; ++i) {
        clients.push_back(bench.agent("s" + std::to_string(i)));
    }
    // More than the lane reads in one go, cut within frames, with the end of the stream behind it.
    std::vector<std::string> bytes(senders);
    for (std::size_t i = 0; i < senders; ++i) {
        for (std::size_t number = 0; number < messages; ++number) {
            const Json content{{"number", number}, {"text", std::string(1000, 'x')}};
            bytes[i] +=
                client_frame(Opcode::text, direct("s" + std::to_string(i), "r", content).dump());
        }
    }
    constexpr std::size_t part = 7000;
    for (std::size_t at = 0; at < bytes[0].size(); at += part) {
        for (std::size_t i = 0; i < senders; ++i) {
            clients[i].send_raw(std::string_view(bytes[i]).substr(at, part));
        }
    }
    for (AgentClient& client : clients) {
        client.end();
    }
    std::map<std::string, std::size_t> next;
    for (std::size_t i = 0; i < senders * messages; ++i) {
        const Json data = receiver.receive_json()["data"];
        EXPECT_EQ(data["content"]["number"], next[data["sender_id"]]++);
    }
    bench.wait_for_metric("agents", 1);
}

TEST(Sockets, ThatDoNotReadAreClosed) {
    GatewayBench bench(Json{{"send_queue_bytes", 100000}});
    AgentClient slow = bench.agent("slow");
    AgentClient a = bench.agent("a");
    const std::string text = direct("a", "slow", {{"text", std::string(50000, 'x')}}).dump();
    while (bench.host().metrics().at("slow_consumers") == 0) {
        a.send_text(text);
    }
    bench.wait_for_metric("agents", 1);
}

TEST(Sockets, ThatDoNotReadLoseMessagesWhenThatIsThePolicy) {
    GatewayBench bench(Json{{"send_queue_bytes", 100000}, {"slow_consumer", "drop"}});
    AgentClient slow = bench.agent("slow");
    AgentClient a = bench.agent("a");
    const std::string text = direct("a", "slow", {{"text", std::string(50000, 'x')}}).dump();
    while (bench.host().metrics().at("slow_consumers") == 0) {
        a.send_text(text);
    }
    EXPECT_EQ(a.receive_json()["error_code"], "receiver_too_slow");
    EXPECT_EQ(bench.host().metrics().at("agents"), 2);
}

TEST(Sockets, AreLimitedInNumber) {
    GatewayBench bench(Json{{"max_connections", 2}});
    AgentClient a = bench.agent("a");
    AgentClient b = bench.agent("b");
    AgentClient c(bench.port(), {}, false);
    EXPECT_TRUE(c.receive_all().starts_with("HTTP/1.1 503 "));
}

TEST(Sockets, CompressLargeMessagesWhenThatWasAgreedOn) {
    GatewayBench bench(Json{{"deflate", true}});
    AgentClient a = bench.agent("a");
    AgentClient b = bench.client("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    EXPECT_NE(b.handshake().find("permessage-deflate"), std::string::npos);
    b.register_as("b");
    a.send(direct("a", "b", {{"text", std::string(5000, 'x')}}));
    const Received frame = b.receive();
    EXPECT_TRUE(frame.compressed);
    EXPECT_LT(frame.payload.size(), 500U);
    websocket::MessageInflater inflater;
    std::string message;
    ASSERT_TRUE(inflater.inflate(frame.payload, 100000, message));
    EXPECT_EQ(Json::parse(message)["data"]["content"]["text"], std::string(5000, 'x'));
}

TEST(Sockets, AreToldWhenTheHostShutsDown) {
    GatewayBench bench;
    AgentClient a = bench.agent("a");
    bench.host().begin_disconnect();
    EXPECT_EQ(a.receive().close_code(), 1001);
    a.send_raw(client_frame(Opcode::close, "\x03\xE9"));
    EXPECT_TRUE(bench.host().wait_for_operation());
    bench.wait_for_session("a", false);
    EXPECT_EQ(bench.host().blocks_held(), 0U);
    EXPECT_TRUE(bench.host().misbehaviour().empty());
}

TEST(Sockets, OfIdleAgentsAreSmall) {
    // Together with the identity, route and heartbeat of the host an idle agent may cost 1 KiB.
    EXPECT_LE(sizeof(AgentSocket), 360U);
}

}  // namespace

}  // namespace patchbay::agent_gateway::test
