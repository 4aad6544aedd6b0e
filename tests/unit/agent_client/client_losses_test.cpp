// SPDX-License-Identifier: Apache-2.0
// A client whose server does not answer, goes away, or takes its place away.
#include "client_bench.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace patchbay::agent {
namespace {

using namespace std::chrono_literals;
using test::certificate_json;
using test::Json;
using test::Peer;
using test::quick_options;
using test::Record;
using test::ServerDouble;

/// Made before the client, whose thread tells it.
struct Told {
    void listen_to(Client& client) {
        client.on_event([this](const Event& event) {
            codes.add(event.error.code);
            kinds.add(event.kind);
        });
    }
    Record<EventKind> kinds;
    Record<std::string> codes;
};

TEST(AgentClientLosses, ComesBackWithItsCertificateAndWithoutForce) {
    Record<Json> registrations;
    ServerDouble server([&](Peer& peer) {
        registrations.add(peer.accept());
        if (peer.number < 3) {
            peer.drop();
        } else {
            (void)peer.read();
        }
    });
    Told told;
    Client client("me", quick_options());
    told.listen_to(client);
    ConnectOptions options;
    const Json mine = certificate_json("me");
    options.certificate = *Certificate::parse(mine.dump());
    options.force_reconnect = true;
    options.metadata = R"({"name": "Me"})";
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port(), options));
    const auto frames = registrations.wait(4);
    ASSERT_EQ(frames.size(), 4U);
    EXPECT_EQ(frames[0].at("force_reconnect"), true);
    for (std::size_t i = 1; i < frames.size(); ++i) {
        EXPECT_EQ(frames[i].at("certificate"), mine);
        EXPECT_EQ(frames[i].at("metadata"), frames[0].at("metadata"));
        EXPECT_FALSE(frames[i].contains("force_reconnect"));
    }
}

TEST(AgentClientLosses, DoesNotFightTheConnectionThatReplacedIt) {
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        peer.close(4000);
    });
    Told told;
    Client client("me", quick_options());
    told.listen_to(client);
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    ASSERT_TRUE(told.kinds.wait_for(EventKind::replaced));
    EXPECT_EQ(client.state(), ClientState::disconnected);
    EXPECT_EQ(server.connections(), 1U);
    const auto kinds = told.kinds.all();
    EXPECT_EQ(std::count(kinds.begin(), kinds.end(), EventKind::waiting), 0);
}

TEST(AgentClientLosses, ComesBackAfterEveryOtherCloseCode) {
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        constexpr std::uint16_t codes[] = {1000, 1001, 1012, 4001};
        if (peer.number < std::size(codes)) {
            peer.close(codes[peer.number]);
        }
        (void)peer.read();
    });
    Told told;
    Client client("me", quick_options());
    told.listen_to(client);
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    // connected, then (lost, waiting, connected) four times
    const auto kinds = told.kinds.wait(13);
    ASSERT_GE(kinds.size(), 13U);
    EXPECT_EQ(std::count(kinds.begin(), kinds.end(), EventKind::connected), 5);
}

TEST(AgentClientLosses, StopsWhenItsCertificateIsRefused) {
    ServerDouble server([](Peer& peer) {
        if (peer.number == 0) {
            (void)peer.accept();
            peer.drop();
        } else if (const auto registration = peer.read()) {
            peer.refuse(*registration, "Certificate validation failed");
            (void)peer.read();
        }
    });
    Told told;
    Client client("me", quick_options());
    told.listen_to(client);
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    ASSERT_TRUE(told.kinds.wait_for(EventKind::stopped));
    EXPECT_EQ(told.codes.all().back(), "agent.certificate_refused");
    EXPECT_EQ(client.state(), ClientState::disconnected);
    EXPECT_EQ(server.connections(), 2U);
}

TEST(AgentClientLosses, KeepsTryingWhileItsOldConnectionIsStillThere) {
    ServerDouble server([](Peer& peer) {
        if (peer.number == 0 || peer.number == 4) {
            (void)peer.accept();
            if (peer.number == 0) {
                peer.drop();
            }
            (void)peer.read();
        } else if (const auto registration = peer.read()) {
            peer.refuse(*registration, "Agent with this ID is already connected to the network.");
            (void)peer.read();
        }
    });
    Told told;
    Client client("me", quick_options());
    told.listen_to(client);
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    // connected, lost, waiting, (refused) waiting three times, connected
    const auto kinds = told.kinds.wait(7);
    ASSERT_EQ(kinds.size(), 7U);
    EXPECT_EQ(kinds.back(), EventKind::connected);
    EXPECT_EQ(std::count(kinds.begin(), kinds.end(), EventKind::waiting), 4);
}

TEST(AgentClientLosses, StaysAwayWhenReconnectingIsOff) {
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        peer.drop();
    });
    ClientOptions options;
    options.reconnect.enabled = false;
    Told told;
    Client client("me", options);
    told.listen_to(client);
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    ASSERT_TRUE(told.kinds.wait_for(EventKind::stopped));
    EXPECT_EQ(client.state(), ClientState::disconnected);
}

TEST(AgentClientLosses, ADisconnectEndsReconnecting) {
    ServerDouble server([](Peer& peer) {
        if (peer.number == 0) {
            (void)peer.accept();
        }
        peer.drop();
    });
    ClientOptions options = quick_options();
    options.reconnect.first = 10min;
    options.reconnect.longest = 10min;
    Told told;
    Client client("me", options);
    told.listen_to(client);
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    ASSERT_TRUE(told.kinds.wait_for(EventKind::waiting));
    client.disconnect();
    EXPECT_EQ(client.state(), ClientState::disconnected);
    EXPECT_EQ(server.connections(), 1U);
}

TEST(AgentClientLosses, PausesGrowAndStayWithinTheirBounds) {
    ServerDouble server([](Peer& peer) {
        if (peer.number == 0) {
            (void)peer.accept();
        }
        peer.drop();
    });
    ClientOptions options;
    options.reconnect.first = 4ms;
    options.reconnect.longest = 16ms;
    options.reconnect.jitter = 0.5;
    Record<std::chrono::milliseconds> pauses;
    Client client("me", options);
    client.on_event([&](const Event& event) {
        if (event.kind == EventKind::waiting) {
            pauses.add(event.pause);
        }
    });
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    const auto seen = pauses.wait(6);
    ASSERT_GE(seen.size(), 6U);
    constexpr std::chrono::milliseconds most[] = {4ms, 8ms, 16ms, 16ms, 16ms, 16ms};
    for (std::size_t i = 0; i < std::size(most); ++i) {
        EXPECT_LE(seen[i], most[i]);
        EXPECT_GE(seen[i], most[i] / 2);
    }
}

TEST(AgentClientLosses, RequestsInProgressFailWhenTheConnectionIsLost) {
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        (void)peer.read();
        peer.drop();
    });
    ClientOptions options;
    options.reconnect.enabled = false;
    Client client("me", options);
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    EXPECT_EQ(client.list_agents().error().code, "agent.lost");
}

TEST(AgentClientLosses, NothingListensThere) {
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor acceptor(context,
                                            {boost::asio::ip::make_address("127.0.0.1"), 0});
    const std::uint16_t port = acceptor.local_endpoint().port();
    acceptor.close();
    Client client("me");
    const auto network = client.connect_to_server("127.0.0.1", port);
    ASSERT_FALSE(network);
    EXPECT_EQ(network.error().code, "agent.connect_failed");
    EXPECT_THAT(network.error().message, testing::HasSubstr("127.0.0.1:" + std::to_string(port)));
}

TEST(AgentClientLosses, AServerThatAcceptsAndSaysNothingIsGivenUp) {
    boost::asio::io_context context;
    const boost::asio::ip::tcp::acceptor acceptor(context,
                                                  {boost::asio::ip::make_address("127.0.0.1"), 0});
    ClientOptions options;
    options.connect_limit = 50ms;
    Client client("me", options);
    const auto network = client.connect_to_server("127.0.0.1", acceptor.local_endpoint().port());
    ASSERT_FALSE(network);
    EXPECT_THAT(network.error().code,
                testing::AnyOf("agent.connect_time_limit", "agent.connect_failed"));
}

TEST(AgentClientLosses, AServerThatDoesNotAnswerTheRegistrationIsGivenUp) {
    ServerDouble server([](Peer& peer) {
        while (peer.read()) {
        }
    });
    ClientOptions options;
    options.register_limit = 50ms;
    Client client("me", options);
    const auto network = client.connect_to_server("127.0.0.1", server.port());
    ASSERT_FALSE(network);
    EXPECT_EQ(network.error().code, "agent.request_time_limit");
    EXPECT_EQ(client.state(), ClientState::disconnected);
}

TEST(AgentClientLosses, ALateAnswerIsNotTakenForThatOfTheNextRequest) {
    std::promise<void> release;
    const auto released = release.get_future().share();
    ServerDouble server([released](Peer& peer) {
        (void)peer.accept();
        const auto first = peer.read();
        released.wait();
        // Without request ids, as OpenAgents' server answers.
        const auto second = peer.read();
        if (first && second) {
            for (const Json& request : {*first, *second}) {
                peer.write({{"type", "system_response"},
                            {"command", "echo"},
                            {"success", true},
                            {"echo", request.at("number")}});
            }
        }
        (void)peer.read();
    });
    ClientOptions options;
    options.request_limit = 1s;
    Client client("me", options);
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    EXPECT_EQ(client.request("echo", R"({"number": 1})").error().code, "agent.request_time_limit");
    release.set_value();
    const auto answer = client.request("echo", R"({"number": 2})");
    ASSERT_TRUE(answer) << to_string(answer.error());
    EXPECT_EQ(Json::parse(*answer).at("echo"), 2);
}

TEST(AgentClientLosses, QueuesAreBoundedWhenTheServerDoesNotRead) {
    std::promise<void> end;
    const auto ended = end.get_future().share();
    ServerDouble server([ended](Peer& peer) {
        (void)peer.accept();
        ended.wait();
    });
    ClientOptions options;
    options.queue_bytes = std::size_t{1} << 20U;
    Client client("me", options);
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    const std::string content = text_content(std::string(std::size_t{1} << 18U, 'x'));
    Error refused;
    for (int i = 0; i < 1000 && refused.code.empty(); ++i) {
        if (auto sent = client.send_broadcast(content); !sent) {
            refused = sent.error();
        }
    }
    EXPECT_EQ(refused.code, "agent.queue_full");
    EXPECT_EQ(refused.error_class, ErrorClass::overloaded);
    end.set_value();
}

TEST(AgentClientLosses, RequestsInProgressAreBounded) {
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        while (peer.read()) {
        }
    });
    ClientOptions options;
    options.requests = 2;
    options.request_limit = 50ms;
    Client client("me", options);
    ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    std::vector<std::future<std::string>> codes;
    for (int i = 0; i < 3; ++i) {
        codes.push_back(std::async(std::launch::async,
                                   [&client] { return client.request("silent").error().code; }));
    }
    std::vector<std::string> seen;
    for (auto& code : codes) {
        seen.push_back(code.get());
    }
    EXPECT_THAT(seen, testing::Contains("agent.too_many_requests"));
}

TEST(AgentClientLosses, AClientCanBeDestroyedInEveryState) {
    ServerDouble server([](Peer& peer) {
        (void)peer.accept();
        if (peer.number % 2 == 1) {
            peer.drop();
        }
        (void)peer.read();
    });
    for (int i = 0; i < 10; ++i) {
        Client client("me", quick_options());
        ASSERT_TRUE(client.connect_to_server("127.0.0.1", server.port()));
    }
    const Client never_connected("me");
}

}  // namespace
}  // namespace patchbay::agent
