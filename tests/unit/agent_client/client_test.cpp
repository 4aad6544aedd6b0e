// SPDX-License-Identifier: Apache-2.0
// A client whose server answers: requests, certificates, both faces, TLS.
#include "certificates.hpp"
#include "client_bench.hpp"
#include "temporary_folder.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

namespace patchbay::agent {
namespace {

using namespace std::chrono_literals;
using test::certificate_json;
using test::Json;
using test::Peer;
using test::Record;
using test::ServerDouble;

/// Accepts, and then answers what a server that knows everything would.
void serve(Peer& peer) {
    const Json registration = peer.accept();
    while (const auto request = peer.read()) {
        if (request->at("type") != "system_request") {
            continue;
        }
        const std::string command = request->at("command");
        if (command == "claim_agent_id" || command == "renew_certificate") {
            peer.answer(*request, {{"agent_id", request->at("agent_id")},
                                   {"certificate", certificate_json(request->at("agent_id"))}});
        } else {
            peer.answer(*request, Json::object());
        }
    }
}

TEST(AgentClient, ClaimsAndStoresTheCertificateBeforeItReturns) {
    const TemporaryFolder folder;
    ServerDouble server(serve);
    ClientOptions options;
    options.certificate_file = folder.file("me.cert");
    Client client("me", options);
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    const auto certificate = client.claim_agent_id();
    ASSERT_TRUE(certificate) << to_string(certificate.error());
    EXPECT_EQ((*CertificateFile(options.certificate_file).load())->json, certificate->json);
}

TEST(AgentClient, PresentsTheStoredCertificate) {
    const TemporaryFolder folder;
    Record<Json> registrations;
    ServerDouble server([&](Peer& peer) {
        registrations.add(peer.accept());
        (void)peer.read();
    });
    ClientOptions options;
    options.certificate_file = folder.file("me.cert");
    const Json stored = certificate_json("me");
    ASSERT_TRUE(CertificateFile(options.certificate_file).save(*Certificate::parse(stored.dump())));
    Client client("me", options);
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    EXPECT_EQ(registrations.wait(1).at(0).at("certificate"), stored);
}

TEST(AgentClient, DoesNotPresentAnExpiredCertificate) {
    Record<Json> registrations;
    ServerDouble server([&](Peer& peer) {
        registrations.add(peer.accept());
        (void)peer.read();
    });
    ConnectOptions options;
    options.certificate = *Certificate::parse(certificate_json("me", 1000, 2000).dump());
    Client client("me");
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port(), options));
    EXPECT_FALSE(registrations.wait(1).at(0).contains("certificate"));
}

TEST(AgentClient, RefusesTheCertificateOfAnotherAgent) {
    ConnectOptions options;
    options.certificate = *Certificate::parse(certificate_json("other").dump());
    Client client("me");
    const auto network = client.connect_to_server("127.0.0.1", 1, options);
    ASSERT_FALSE(network);
    EXPECT_EQ(network.error().code, "agent.wrong_certificate");
}

TEST(AgentClient, ForcesAClaimWithItsProof) {
    Record<Json> claims;
    ServerDouble server([&](Peer& peer) {
        (void)peer.accept();
        if (const auto claim = peer.read()) {
            claims.add(*claim);
            peer.answer(*claim, {{"certificate", certificate_json("me")}});
        }
        (void)peer.read();
    });
    ConnectOptions options;
    const Json mine = certificate_json("me");
    options.certificate = *Certificate::parse(mine.dump());
    Client client("me");
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port(), options));
    ASSERT_TRUE(client.claim_agent_id(true));
    EXPECT_EQ(claims.wait(1).at(0).at("force"), true);
    EXPECT_EQ(claims.wait(1).at(0).at("certificate"), mine);
}

TEST(AgentClient, RenewsByItselfWhenAThirdOfTheLifeIsLeft) {
    const TemporaryFolder folder;
    Record<std::string> commands;
    ServerDouble server([&](Peer& peer) {
        (void)peer.accept();
        while (const auto request = peer.read()) {
            commands.add(request->at("command"));
            peer.answer(*request, {{"certificate", certificate_json("me")}});
        }
    });
    ClientOptions options;
    options.certificate_file = folder.file("me.cert");
    Record<EventKind> events;
    Client client("me", options);
    client.on_event([&](const Event& event) { events.add(event.kind); });
    ConnectOptions connect;
    const double now = test::now_seconds();
    connect.certificate = *Certificate::parse(certificate_json("me", now - 3000, now + 600).dump());
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port(), connect));
    ASSERT_TRUE(events.wait_for(EventKind::renewed));
    EXPECT_EQ(commands.all(), std::vector<std::string>{"renew_certificate"});
    EXPECT_GT(client.certificate()->expires_at, now + 600);
    EXPECT_EQ((*CertificateFile(options.certificate_file).load())->json,
              client.certificate()->json);
}

TEST(AgentClient, ReleasesTheIdAndForgetsTheCertificate) {
    const TemporaryFolder folder;
    ServerDouble server(serve);
    ClientOptions options;
    options.certificate_file = folder.file("me.cert");
    Client client("me", options);
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    ASSERT_TRUE(client.claim_agent_id());
    const auto released = client.release_agent_id();
    ASSERT_TRUE(released) << to_string(released.error());
    EXPECT_FALSE(client.certificate());
    EXPECT_FALSE(CertificateFile(options.certificate_file).load()->has_value());
}

TEST(AgentClient, DoesNotKeepACertificateThatTheServerIssuedForAnother) {
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        if (const auto claim = peer.read()) {
            peer.answer(*claim, {{"certificate", certificate_json("other")}});
        }
        (void)peer.read();
    });
    Client client("me");
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    EXPECT_EQ(client.claim_agent_id().error().code, "agent.wrong_certificate");
    EXPECT_FALSE(client.certificate());
}

TEST(AgentClient, AnswersAreFoundByRequestIdInAnyOrder) {
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        const auto first = peer.read();
        const auto second = peer.read();
        if (first && second) {
            peer.answer(*second, {{"echo", second->at("number")}});
            peer.answer(*first, {{"echo", first->at("number")}});
        }
        (void)peer.read();
    });
    Client client("me");
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    const auto ask = [&client](int number) {
        const auto answer = client.request("echo", Json{{"number", number}}.dump());
        EXPECT_TRUE(answer) << to_string(answer.error());
        EXPECT_EQ(Json::parse(*answer).at("echo"), number);
    };
    std::thread other(ask, 1);
    ask(2);
    other.join();
}

TEST(AgentClient, AnswersWithoutRequestIdBelongToTheFirstRequestOfTheCommand) {
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        std::vector<Json> requests;
        while (requests.size() < 4) {
            const auto request = peer.read();
            if (!request) {
                return;
            }
            requests.push_back(*request);
        }
        for (const char* command : {"b", "a"}) {
            for (const Json& request : requests) {
                if (request.at("command") == command) {
                    peer.write({{"type", "system_response"},
                                {"command", command},
                                {"success", true},
                                {"echo", request.at("number")}});
                }
            }
        }
        (void)peer.read();
    });
    Client client("me");
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    std::vector<std::thread> threads;
    for (int number = 0; number < 4; ++number) {
        threads.emplace_back([&client, number] {
            const auto answer =
                client.request(number % 2 == 0 ? "a" : "b", Json{{"number", number}}.dump());
            EXPECT_TRUE(answer);
            EXPECT_EQ(Json::parse(*answer).at("echo"), number);
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

TEST(AgentClient, OutlivesWhatAServerShouldNotSend) {
    ServerDouble server([](Peer& peer) {
        peer.write({{"type", "message"},
                    {"data", {{"message_type", "broadcast_message"}, {"sender_id", "early"}}}});
        peer.write_text("{nope");
        (void)peer.accept();
        for (const char* text :
             {"[]", "null", "{}", "\"x\"", R"({"type": 1})", R"({"type": "system_response"})",
              R"({"type": "system_response", "command": [], "request_id": {}})",
              R"({"type": "system_request", "command": "other"})", R"({"type": "message"})"}) {
            peer.write_text(text);
        }
        serve(peer);
    });
    Record<std::string> senders;
    Client client("me");
    client.on_message([&](const Message& message) { senders.add(message.sender_id); });
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    EXPECT_EQ(senders.wait(1).at(0), "early");
    EXPECT_EQ(client.state(), ClientState::connected);
}

TEST(AgentClient, AHandlerThatWaitsIsRefusedAndOneThatThrowsIsTold) {
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        peer.write({{"type", "message"},
                    {"data", {{"message_type", "broadcast_message"}, {"sender_id", "a"}}}});
        (void)peer.read();
    });
    Record<std::string> codes;
    Record<EventKind> events;
    Client client("me");
    client.on_event([&](const Event& event) { events.add(event.kind); });
    client.on_message([&](const Message&) {
        codes.add(client.list_agents().error().code);
        throw std::runtime_error("on purpose");
    });
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    EXPECT_EQ(codes.wait(1).at(0), "agent.would_block");
    EXPECT_TRUE(events.wait_for(EventKind::bad_handler));
}

TEST(AgentClient, IsToldWhichMessageWasNotDelivered) {
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        if (const auto frame = peer.read()) {
            peer.write({{"type", "system_response"},
                        {"command", "send_message"},
                        {"success", false},
                        {"error", "There is no agent b"},
                        {"error_code", "unknown_agent"},
                        {"message_id", frame->at("data").at("message_id")}});
        }
        (void)peer.read();
    });
    Record<std::string> undelivered;
    Client client("me");
    client.on_event([&](const Event& event) {
        if (event.kind == EventKind::undelivered) {
            undelivered.add(event.message_id + ' ' + event.error.message);
        }
    });
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    const auto sent = client.send_direct("b", "{}");
    ASSERT_TRUE(sent);
    EXPECT_EQ(undelivered.wait(1).at(0), *sent + " There is no agent b");
}

Awaitable<void> awaitable_agent(Client& client, std::uint16_t port, std::string& outcome) {
    const auto network = co_await client.async_connect_to_server("127.0.0.1", port);
    if (!network) {
        outcome = to_string(network.error());
        co_return;
    }
    const auto certificate = co_await client.async_claim_agent_id();
    const auto sent = co_await client.async_send_direct("other", text_content("x"));
    const auto agents = co_await client.async_list_agents();
    co_await client.async_disconnect();
    outcome = certificate && sent && agents && network->name == "TestNet" ? "good" : "bad";
}

TEST(AgentClient, TheAwaitableFaceResumesOnTheCallersContext) {
    ServerDouble server(serve);
    Client client("me");
    boost::asio::io_context context;
    std::string outcome;
    boost::asio::co_spawn(context, awaitable_agent(client, server.port(), outcome),
                          boost::asio::detached);
    context.run();
    EXPECT_EQ(outcome, "good");
    EXPECT_EQ(client.state(), ClientState::disconnected);
}

TEST(AgentClient, WritesWhatIsQueuedBeforeItDisconnects) {
    Record<Json> said;
    ServerDouble server([&](Peer& peer) {
        (void)peer.accept();
        while (const auto frame = peer.read()) {
            said.add(*frame);
        }
        said.add("closed");
    });
    Client client("me");
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(client.send_broadcast(Json{{"number", i}}.dump()));
    }
    client.disconnect();
    const auto frames = said.wait(51);
    ASSERT_EQ(frames.size(), 51U);
    EXPECT_EQ(frames.at(49).at("data").at("content").at("number"), 49);
    EXPECT_EQ(frames.at(50), "closed");
}

TEST(AgentClient, ConnectsAgainAfterADisconnect) {
    ServerDouble server(serve);
    Client client("me");
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
        EXPECT_EQ(client.connect_to_server("127.0.0.1", server.port()).error().code,
                  "agent.connected");
        client.disconnect();
        EXPECT_EQ(client.list_agents().error().code, "agent.not_connected");
        EXPECT_EQ(client.send_broadcast("{}").error().code, "agent.not_connected");
    }
    EXPECT_EQ(server.connections(), 3U);
}

TEST(AgentClient, RefusesContentThatIsNoObject) {
    ServerDouble server(serve);
    Client client("me");
    ConnectOptions options;
    options.metadata = "text";
    EXPECT_EQ(client.connect_to_server("127.0.0.1", server.port(), options).error().code,
              "agent.bad_json");
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    EXPECT_EQ(client.send_direct("a", "text").error().code, "agent.bad_json");
    EXPECT_EQ(client.send_broadcast("[1]").error().code, "agent.bad_json");
    EXPECT_EQ(client.request("x", "1").error().code, "agent.bad_json");
}

TEST(AgentClient, SpeaksTlsWithAServerItTrusts) {
    const TemporaryFolder folder;
    const auto files = patchbay::test::make_certificate(
        folder.path(),
        {.name = "server", .alternative_names = "DNS:localhost", .is_authority = true});
    ServerDouble server(serve, files.certificate, files.key);
    Client client("me");
    ConnectOptions options;
    options.tls.enabled = true;
    const auto stranger = client.connect_to_server("localhost", server.port(), options);
    ASSERT_FALSE(stranger);
    EXPECT_EQ(stranger.error().code, "agent.connect_failed");
    options.tls.ca_file = files.certificate;
    const auto other_name = client.connect_to_server("127.0.0.1", server.port(), options);
    ASSERT_FALSE(other_name);
    EXPECT_EQ(other_name.error().code, "agent.connect_failed");
    options.tls.server_name = "localhost";
    const auto trusted = client.connect_to_server("127.0.0.1", server.port(), options);
    ASSERT_TRUE(trusted) << to_string(trusted.error());
    EXPECT_TRUE(client.claim_agent_id());
    options.tls.ca_file = folder.file("missing.pem");
    client.disconnect();
    EXPECT_EQ(client.connect_to_server("127.0.0.1", server.port(), options).error().code,
              "agent.bad_tls");
}

}  // namespace
}  // namespace patchbay::agent
