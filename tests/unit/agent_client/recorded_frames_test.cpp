// SPDX-License-Identifier: Apache-2.0
// Frames that were recorded between OpenAgents' server and its own client: ours says what that
// client said, and understands what that server answers, without request ids.
#include "client_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace patchbay::agent {
namespace {

using test::Json;
using test::Peer;
using test::Record;
using test::ServerDouble;

/// The frames of one case and connection, the newest names left out.
std::vector<Json> recorded(const std::string& name, const std::string& connection,
                           const std::string& direction) {
    std::ifstream file(PATCHBAY_TEST_DATA "/identity-frames.jsonl");
    std::vector<Json> frames;
    for (std::string line; std::getline(file, line);) {
        const Json entry = Json::parse(line);
        if (entry.at("case") == name && entry.at("conn") == connection &&
            entry.at("dir") == direction && entry.at("upstream") == "4f95c63f") {
            frames.push_back(entry.at("frame"));
        }
    }
    return frames;
}

Json recorded_answer(const std::string& name, const std::string& connection) {
    return recorded(name, connection, "s2c").at(0);
}

/// What we say is what the recorded client said, but for the request id, and for members that are
/// null or false there and absent here.
void expect_said(Json ours, const std::string& name, const std::string& connection) {
    Json theirs = recorded(name, connection, "c2s").at(0);
    EXPECT_TRUE(ours.contains("request_id"));
    ours.erase("request_id");
    if (!theirs.contains("agent_id")) {
        ours.erase("agent_id");  // helpers of the real client add it too
    }
    if (theirs.contains("metadata") && theirs.at("metadata").is_null()) {
        theirs["metadata"] = Json::object();  // null is taken as {}
    }
    EXPECT_EQ(ours, theirs) << name;
}

/// Registers with the recorded answer, then answers each request with the next given frame.
ServerDouble::Script replay(std::vector<Json> answers, Record<Json>& said) {
    return [answers = std::move(answers), &said](Peer& peer) {
        for (const Json& answer : answers) {
            const auto frame = peer.read();
            if (!frame) {
                return;
            }
            said.add(*frame);
            peer.write(answer);
        }
        while (const auto more = peer.read()) {
            said.add(*more);
        }
    };
}

TEST(RecordedFrames, RegisterAndClaim) {
    Record<Json> said;
    const Json claimed = recorded_answer("claim_success", "A");
    ServerDouble server(replay({recorded_answer("register_success", "A"), claimed}, said));
    Client client("agent-a");
    ConnectOptions options;
    options.metadata = R"({"name": "Agent A", "capabilities": ["chat"]})";
    const auto network = client.connect_to_server("127.0.0.1", server.port(), options);
    ASSERT_TRUE(network) << to_string(network.error());
    EXPECT_EQ(network->name, "CaptureNet");
    EXPECT_EQ(network->id, "capture-node");
    const auto certificate = client.claim_agent_id();
    ASSERT_TRUE(certificate) << to_string(certificate.error());
    EXPECT_EQ(Json::parse(certificate->json), claimed.at("certificate"));
    EXPECT_EQ(client.certificate()->json, certificate->json);
    const auto frames = said.wait(2);
    expect_said(frames.at(0), "register_success", "A");
    expect_said(frames.at(1), "claim_success", "A");
}

TEST(RecordedFrames, UnicodeIdsStayWhatTheyAre) {
    Record<Json> said;
    ServerDouble server(replay({recorded_answer("register_success_unicode_id", "U"),
                                recorded_answer("claim_success_unicode_id", "U")},
                               said));
    Client client(
        recorded("claim_success_unicode_id", "U", "c2s").at(0).at("agent_id").get<std::string>());
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    const auto certificate = client.claim_agent_id();
    ASSERT_TRUE(certificate) << to_string(certificate.error());
    EXPECT_EQ(certificate->agent_id, client.agent_id());
    expect_said(said.wait(2).at(1), "claim_success_unicode_id", "U");
}

TEST(RecordedFrames, AClaimConflictIsToldInTheServersWords) {
    Record<Json> said;
    ServerDouble server(replay(
        {recorded_answer("register_success", "A"), recorded_answer("claim_conflict", "X")}, said));
    Client client("agent-a");
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    const auto certificate = client.claim_agent_id();
    ASSERT_FALSE(certificate);
    EXPECT_EQ(certificate.error().code, "agent.already_claimed");
    EXPECT_EQ(certificate.error().message, "Agent ID agent-a is already claimed");
    expect_said(said.wait(2).at(1), "claim_conflict", "X");
}

TEST(RecordedFrames, CertificatesAreValidated) {
    Record<Json> said;
    ServerDouble server(replay({recorded_answer("register_success", "A"),
                                recorded_answer("validate_certificate_valid", "A"),
                                recorded_answer("validate_certificate_invalid_signature", "X"),
                                recorded_answer("validate_certificate_missing", "X")},
                               said));
    Client client("agent-a");
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    const auto of = [](const char* name, const char* connection) {
        return *Certificate::parse(
            recorded(name, connection, "c2s").at(0).at("certificate").dump());
    };
    EXPECT_EQ(*client.validate_certificate(of("validate_certificate_valid", "A")), true);
    EXPECT_EQ(*client.validate_certificate(of("validate_certificate_invalid_signature", "X")),
              false);
    const auto refused = client.validate_certificate(of("validate_certificate_valid", "A"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "Missing certificate data");
    expect_said(said.wait(4).at(1), "validate_certificate_valid", "A");
    expect_said(said.wait(4).at(2), "validate_certificate_invalid_signature", "X");
}

TEST(RecordedFrames, RefusedRegistrationsAreTold) {
    for (const auto& [name, connection, code] :
         {std::tuple{"after_socket_close_still_registered", "R1", "agent.already_connected"},
          std::tuple{"certificate_reconnect_invalid_signature", "X", "agent.certificate_refused"},
          std::tuple{"register_missing_agent_id", "R0", "agent.refused"}}) {
        Record<Json> said;
        const Json answer = recorded_answer(name, connection);
        ServerDouble server(replay({answer}, said));
        Client client("multi-1");
        const auto network = client.connect_to_server("127.0.0.1", server.port());
        ASSERT_FALSE(network) << name;
        EXPECT_EQ(network.error().code, code);
        EXPECT_EQ(network.error().message, answer.at("error"));
        EXPECT_EQ(client.state(), ClientState::disconnected);
    }
}

TEST(RecordedFrames, CertificateAndForceStandAtTheTopLevelOnly) {
    Record<Json> said;
    ServerDouble server(replay({recorded_answer("certificate_reconnect", "G")}, said));
    // The recorded certificate lives until November 2026; a later clock must not change the test.
    Json certificate = recorded("certificate_reconnect", "G", "c2s").at(0).at("certificate");
    certificate["expires_at"] = test::now_seconds() + 3600;
    ConnectOptions options;
    options.metadata = R"({"name": "Agent A again"})";
    options.certificate = *Certificate::parse(certificate.dump());
    options.force_reconnect = true;
    Client client("agent-a");
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port(), options));
    const Json frame = said.wait(1).at(0);
    EXPECT_EQ(frame.at("certificate"), certificate);
    EXPECT_EQ(frame.at("force_reconnect"), true);
    EXPECT_EQ(frame.at("metadata"), Json::parse(options.metadata));
}

TEST(RecordedFrames, ServersPingsAreAnswered) {
    Record<Json> said;
    ServerDouble server([&said](Peer& peer) {
        (void)peer.read();
        peer.write(recorded_answer("register_success", "A"));
        peer.write(recorded_answer("ping_agent_server_to_client", "A"));
        if (const auto pong = peer.read()) {
            said.add(*pong);
        }
    });
    Client client("agent-a");
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    EXPECT_EQ(said.wait(1).at(0), recorded("ping_agent_server_to_client", "A", "c2s").at(0));
}

TEST(RecordedFrames, MessagesOfOthersArrive) {
    const std::vector<Json> frames = {recorded_answer("direct_message", "B"),
                                      recorded_answer("broadcast_message", "B"),
                                      recorded_answer("direct_message_server_originated", "D")};
    ServerDouble server([&frames](Peer& peer) {
        (void)peer.read();
        peer.write(recorded_answer("register_success", "A"));
        for (const Json& frame : frames) {
            peer.write(frame);
        }
        (void)peer.read();
    });
    Record<Message> messages;
    Client client("agent-b");
    client.on_message([&](const Message& message) { messages.add(message); });
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    const auto arrived = messages.wait(3);
    ASSERT_EQ(arrived.size(), 3U);
    EXPECT_EQ(arrived[0].kind, MessageKind::direct);
    EXPECT_EQ(arrived[0].id, "m-direct-1");
    EXPECT_EQ(arrived[0].sender_id, "agent-a");
    EXPECT_EQ(arrived[0].target_id, "agent-b");
    EXPECT_EQ(arrived[0].timestamp, 1754590000000);
    EXPECT_EQ(Json::parse(arrived[0].content), frames[0].at("data").at("content"));
    EXPECT_EQ(arrived[1].kind, MessageKind::broadcast);
    EXPECT_EQ(text_of(arrived[1].content), "all");
    EXPECT_EQ(arrived[2].sender_id, "srv");
}

TEST(RecordedFrames, OwnMessagesHaveTheRecordedMembers) {
    Record<Json> said;
    ServerDouble server(replay({recorded_answer("register_success", "A")}, said));
    Client client("agent-a");
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    ASSERT_TRUE(client.send_direct("agent-b", R"({"text": "hi b"})"));
    ASSERT_TRUE(client.send_broadcast(text_content("all")));
    const auto frames = said.wait(3);
    ASSERT_EQ(frames.size(), 3U);
    const auto members = [](const Json& frame) {
        std::vector<std::string> names;
        for (const auto& [name, value] : frame.at("data").items()) {
            names.push_back(name);
        }
        return names;
    };
    EXPECT_EQ(members(frames[1]), members(recorded("direct_message", "A", "c2s").at(0)));
    EXPECT_EQ(members(frames[2]), members(recorded("broadcast_message", "A", "c2s").at(0)));
    EXPECT_EQ(frames[1].at("data").at("target_agent_id"), "agent-b");
}

TEST(RecordedFrames, AgentsAreListed) {
    Record<Json> said;
    const Json answer = recorded_answer("list_agents", "A");
    ServerDouble server(replay({recorded_answer("register_success", "A"), answer}, said));
    Client client("agent-a");
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    const auto agents = client.list_agents();
    ASSERT_TRUE(agents) << to_string(agents.error());
    ASSERT_EQ(agents->size(), answer.at("agents").size());
    EXPECT_EQ(agents->front().agent_id, "agent-a");
    EXPECT_TRUE(agents->front().connected);
    expect_said(said.wait(2).at(1), "list_agents", "A");
}

}  // namespace
}  // namespace patchbay::agent
