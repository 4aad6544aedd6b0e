// SPDX-License-Identifier: Apache-2.0
/// Time limits, by the hand-run clock, and the end of requests that nobody waits for any more.
#include "client_fixture.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace patchbay::http_client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TimeLimitsTest : public ClientFixture {};

/// Nobody is accepted: the system drops whoever would connect beyond the backlog.
class FullServer {
  public:
    explicit FullServer(const std::string& address = "127.0.0.1", std::uint16_t port = 0)
        : server(address, 0, port) {
        for (net::Descriptor& each : fillers_) {
            each =
                net::Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
            sockaddr_in target{};
            target.sin_family = AF_INET;
            target.sin_port = htons(server.port());
            ::inet_pton(AF_INET, address.c_str(), &target.sin_addr);
            ::connect(each.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target);
        }
    }
    Server server;

  private:
    std::array<net::Descriptor, 3> fillers_;
};

TEST_F(TimeLimitsTest, TheWholeRequestHasALimit) {  // test_http_send_exception
    Server server;
    start(R"({"timeout": 5})");
    const auto token = ask(server.url());
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell");
    advance(seconds(5));
    EXPECT_EQ(failure_code(), "http_client.time_limit");
    peer.wait_for_close();
    for (const auto& completed : host().wait_for_completions(2)) {
        EXPECT_EQ(completed.status == PATCHBAY_OK, completed.token == token);
    }
}

TEST_F(TimeLimitsTest, NothingHappensBeforeTheTime) {
    Server server;
    start(R"({"timeout": 5})");
    ask(server.url());
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    advance(milliseconds(4999));
    finish_turn();
    peer.respond("200 OK", "in time");
    EXPECT_EQ(answer().body, "in time");
}

TEST_F(TimeLimitsTest, EachRequestHasItsOwnTime) {
    Server server;
    start(R"({"timeout": 5})");
    ask(server.url("/1"));
    Peer first = server.accept();
    static_cast<void>(first.read_request());
    advance(seconds(3));
    ask(server.url("/2"));
    Peer second = server.accept();
    static_cast<void>(second.read_request());
    advance(seconds(3));
    EXPECT_EQ(failure_code(), "http_client.time_limit");
    second.respond("200 OK", "second");
    EXPECT_EQ(answer().body, "second");
}

TEST_F(TimeLimitsTest, TheFirstByteHasALimit) {
    Server server;
    start(R"({"first_byte_timeout": 1})");
    ask(server.url());
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    advance(seconds(1));
    EXPECT_EQ(failure_code(), "http_client.first_byte_limit");
    peer.wait_for_close();
}

TEST_F(TimeLimitsTest, TheFirstByteEndsItsLimit) {
    Server server;
    Server other;
    start(R"({"first_byte_timeout": 1})");
    ask(server.url());
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    ask(other.url());
    Peer barrier = other.accept();
    static_cast<void>(barrier.read_request());
    peer.send("HTTP/1.1 200 OK\r\n");
    barrier.respond("200 OK");  // became readable later, hence is read later
    EXPECT_EQ(answer().status, 200);
    advance(seconds(2));
    finish_turn();
    peer.send("Content-Length: 4\r\n\r\nbody");
    EXPECT_EQ(answer().body, "body");
}

TEST_F(TimeLimitsTest, ConnectingHasALimit) {
    FullServer full;
    start(R"({"connect_timeout": 2})");
    ask(full.server.url());
    advance(seconds(2));
    EXPECT_EQ(failure_code(), "connect.time_limit");
}

TEST_F(TimeLimitsTest, LookingUpANameCountsAsConnecting) {
    start(R"({"connect_timeout": 2})");
    hold_name("slow.test");
    ask("http://slow.test/");
    advance(seconds(2));
    EXPECT_EQ(failure_code(), "connect.time_limit");
}

TEST_F(TimeLimitsTest, ANameThatTakesLongHoldsUpNobody) {
    Server server;
    start();
    hold_name("slow.test");
    ask("http://slow.test/");
    ask("http://localhost:" + std::to_string(server.port()) + "/");
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.respond("200 OK", "quick");
    EXPECT_EQ(answer().body, "quick");
    hold_name({});
    EXPECT_EQ(failure_code(), "dns.not_found");
}

TEST_F(TimeLimitsTest, TheHandshakeHasALimit) {
    Server server;
    start(R"({"tls_timeout": 1})");
    ask("https://127.0.0.1:" + std::to_string(server.port()) + "/");
    Peer peer = server.accept();
    EXPECT_EQ(peer.read(1), "\x16");  // a handshake's record
    advance(seconds(1));
    EXPECT_EQ(failure_code(), "tls.time_limit");
}

TEST_F(TimeLimitsTest, WaitingForAConnectionIsPartOfTheTime) {
    Server server;
    start(R"({"timeout": 5, "connections_per_origin": 1})");
    ask(server.url());
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    advance(seconds(1));
    ask(server.url());
    advance(seconds(4));
    EXPECT_EQ(failure_code(), "http_client.time_limit");
    // It is the other's turn now, on a connection of its own.
    Peer next = server.accept();
    static_cast<void>(next.read_request());
    advance(seconds(1));
    EXPECT_EQ(failure_code(), "http_client.time_limit");
    next.wait_for_close();
}

TEST_F(TimeLimitsTest, TheNextAddressIsTriedWhenTheFirstTakesLong) {
    FullServer full;
    Server server("127.0.0.2", 64, full.server.port());
    set_name("two.test", {"127.0.0.1", "127.0.0.2"});
    start();
    ask("http://two.test:" + std::to_string(server.port()) + "/");
    wait_for_metric("http_client_connections", 1);
    while (!server.has_visitor()) {  // the name may not have been looked up yet
        advance(milliseconds(250));
    }
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.respond("200 OK", "second");
    EXPECT_EQ(answer().body, "second");
}

TEST_F(TimeLimitsTest, TheNextAddressIsTriedAtOnceWhenTheFirstRefuses) {
    Server server;
    set_name("two.test", {"127.0.0.3", "127.0.0.1"});
    start();
    ask("http://two.test:" + std::to_string(server.port()) + "/");
    Peer peer = server.accept();
    EXPECT_NE(peer.read_request().find("Host: two.test:"), std::string::npos);
    peer.respond("200 OK", "second");
    EXPECT_EQ(answer().body, "second");
}

TEST_F(TimeLimitsTest, AnswersOfNamesAreRememberedForAWhile) {
    start(R"({"dns_cache": 30})");
    ask("http://nowhere.test/");
    EXPECT_EQ(failure_code(), "dns.not_found");
    ask("http://nowhere.test/");
    EXPECT_EQ(failure_code(), "dns.not_found");
    EXPECT_EQ(questions(), 1);
    advance(seconds(1));  // failures are not believed for longer
    ask("http://nowhere.test/");
    EXPECT_EQ(failure_code(), "dns.not_found");
    EXPECT_EQ(questions(), 2);
}

// ---- Disconnecting ------------------------------------------------------------------------------

TEST_F(TimeLimitsTest, DisconnectingAnswersTheRequestsInProgress) {
    Server server;
    FullServer full;
    start(R"({"connections_per_origin": 1})");
    hold_name("slow.test");
    ask(server.url());  // sent
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    ask(server.url());         // waits for a connection
    ask(full.server.url());    // connects
    ask("http://slow.test/");  // looks up a name
    finish_turn();
    ASSERT_TRUE(host().disconnect());
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(failure_code(), "http_client.disconnected");
    }
    peer.wait_for_close();
    EXPECT_EQ(host().wait_for_completions(5).size(), 5U);
}

TEST_F(TimeLimitsTest, ItWorksAgainAfterItWasDisconnected) {
    Server server;
    start();
    ASSERT_TRUE(host().disconnect());
    ASSERT_TRUE(host().connect());
    ask(server.url());
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.respond("200 OK", "again");
    EXPECT_EQ(answer().body, "again");
}

}  // namespace
}  // namespace patchbay::http_client
