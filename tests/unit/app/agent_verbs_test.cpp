// SPDX-License-Identifier: Apache-2.0
#include "app/agent_options.hpp"
#include "app/exit_code.hpp"
#include "unit/agent_client/client_bench.hpp"
#include "unit/app/run_patchbay.hpp"
#include "unit/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchbay::app {
namespace {

using agent::test::certificate_json;
using agent::test::Json;
using agent::test::Peer;
using agent::test::Record;
using agent::test::ServerDouble;
using testing::HasSubstr;

std::string at(const ServerDouble& server) {
    return "127.0.0.1:" + std::to_string(server.port());
}

TEST(AgentServerAddress, HasSchemeHostPortAndPath) {
    const auto plain = server_address("example.org");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->host, "example.org");
    EXPECT_EQ(plain->port, 8570);
    EXPECT_EQ(plain->path, "/");
    EXPECT_FALSE(plain->tls);
    const auto full = server_address("wss://[::1]:443/agents?x=1");
    ASSERT_TRUE(full);
    EXPECT_EQ(full->host, "::1");
    EXPECT_EQ(full->port, 443);
    EXPECT_EQ(full->path, "/agents?x=1");
    EXPECT_TRUE(full->tls);
    for (const char* text : {"", ":8570", "http://x", "x:0", "x:65536", "x:1a", "[::1", "[::1]8"}) {
        EXPECT_FALSE(server_address(text)) << text;
    }
}

TEST(AgentVerbs, ConnectShowsTheNetworkAndItsAgents) {
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        if (const auto request = peer.read()) {
            peer.answer(*request, {{"agents",
                                    {{{"agent_id", "other"},
                                      {"name", "Other"},
                                      {"connected", true},
                                      {"metadata", Json::object()}}}}});
        }
        (void)peer.read();
    });
    const Outcome outcome = run_patchbay({"agent", "connect", "me", "--server", at(server)});
    EXPECT_EQ(outcome.code, exit_ok) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("TestNet"));
    EXPECT_THAT(outcome.out, HasSubstr("other"));
    const Outcome json =
        run_patchbay({"agent", "connect", "me", "--server", "ws://" + at(server), "--json"});
    EXPECT_EQ(json.code, exit_ok) << json.err;
    EXPECT_EQ(Json::parse(json.out).at("agents").at(0).at("agent_id"), "other");
}

TEST(AgentVerbs, ClaimKeepsTheCertificate) {
    const TemporaryFolder folder;
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        if (const auto request = peer.read()) {
            peer.answer(*request, {{"certificate", certificate_json("me")}});
        }
        (void)peer.read();
    });
    const std::string file = folder.file("me.cert");
    const Outcome outcome =
        run_patchbay({"agent", "claim", "me", "--server", at(server), "--certificate-file", file});
    EXPECT_EQ(outcome.code, exit_ok) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("Agent ID claimed successfully"));
    EXPECT_TRUE(agent::CertificateFile(file).load()->has_value());
    EXPECT_THAT(outcome.out, testing::Not(HasSubstr("signature")));
}

TEST(AgentVerbs, ClaimExplainsAConflict) {
    const TemporaryFolder folder;
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        if (const auto request = peer.read()) {
            peer.refuse(*request, "Agent ID me is already claimed");
        }
        (void)peer.read();
    });
    const Outcome outcome = run_patchbay({"agent", "claim", "me", "--server", at(server),
                                          "--certificate-file", folder.file("me.cert")});
    EXPECT_EQ(outcome.code, exit_failed);
    EXPECT_THAT(outcome.err, HasSubstr("Agent ID already claimed"));
}

/// Accepts, answers pings, and tells what was sent; says `undelivered` of every message when asked.
ServerDouble::Script post_office(Record<Json>& said, bool deliver) {
    return [&said, deliver](Peer& peer) {
        (void)peer.accept();
        while (const auto frame = peer.read()) {
            if (frame->at("type") == "message") {
                said.add(*frame);
                if (!deliver) {
                    peer.write({{"type", "system_response"},
                                {"command", "send_message"},
                                {"success", false},
                                {"error", "There is no agent other"}});
                }
            } else {
                peer.answer(*frame, Json::object());
            }
        }
    };
}

TEST(AgentVerbs, SendSendsOneMessage) {
    Record<Json> said;
    ServerDouble server(post_office(said, true));
    const Outcome direct = run_patchbay(
        {"agent", "send", "me", "--server", at(server), "--to", "other", "--text", "hi"});
    EXPECT_EQ(direct.code, exit_ok) << direct.err;
    const Outcome broadcast = run_patchbay(
        {"agent", "send", "me", "--server", at(server), "--broadcast", "--content", R"({"a": 1})"});
    EXPECT_EQ(broadcast.code, exit_ok) << broadcast.err;
    const auto frames = said.wait(2);
    EXPECT_EQ(frames.at(0).at("data").at("target_agent_id"), "other");
    EXPECT_EQ(frames.at(0).at("data").at("content").at("text"), "hi");
    EXPECT_EQ(frames.at(1).at("data").at("content").at("a"), 1);
}

TEST(AgentVerbs, SendTellsWhenItWasNotDelivered) {
    Record<Json> said;
    ServerDouble server(post_office(said, false));
    const Outcome outcome = run_patchbay(
        {"agent", "send", "me", "--server", at(server), "--to", "other", "--text", "hi"});
    EXPECT_EQ(outcome.code, exit_failed);
    EXPECT_THAT(outcome.err, HasSubstr("There is no agent other"));
}

TEST(AgentVerbs, ListenPrintsWhatArrives) {
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        peer.write({{"type", "message"},
                    {"data",
                     {{"message_type", "direct_message"},
                      {"sender_id", "other"},
                      {"target_agent_id", "me"},
                      {"content", {{"text", "hi"}}}}}});
        peer.write({{"type", "message"},
                    {"data",
                     {{"message_type", "broadcast_message"},
                      {"sender_id", "other"},
                      {"content", {{"a", 1}}}}}});
        (void)peer.read();
    });
    const Outcome outcome =
        run_patchbay({"agent", "listen", "me", "--server", at(server), "--count", "2"});
    EXPECT_EQ(outcome.code, exit_ok) << outcome.err;
    EXPECT_EQ(outcome.out, "other: hi\nother (to all): {\"a\":1}\n");
}

TEST(AgentVerbs, ListenEndsWhenItsPlaceIsTaken) {
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        peer.close(4000);
    });
    const Outcome outcome = run_patchbay({"agent", "listen", "me", "--server", at(server)});
    EXPECT_EQ(outcome.code, exit_failed);
    EXPECT_THAT(outcome.err, HasSubstr("4000"));
}

TEST(AgentVerbs, WhatIsWrongWithTheCommandLineIsSaid) {
    EXPECT_EQ(run_patchbay({"agent", "send", "me", "--text", "x"}).code, exit_usage);
    EXPECT_EQ(run_patchbay({"agent", "claim", "me"}).code, exit_usage);
    EXPECT_THAT(run_patchbay({"agent", "connect", "me", "--server", "http://x"}).err,
                HasSubstr("cli.bad_server"));
}

}  // namespace
}  // namespace patchbay::app
