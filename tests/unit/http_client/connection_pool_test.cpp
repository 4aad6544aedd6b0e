// SPDX-License-Identifier: Apache-2.0
/// Connections that are kept, used again, waited for, and retried.
#include "client_fixture.hpp"

namespace patchbay::http_client {
namespace {

using std::chrono::seconds;

class ConnectionPoolTest : public ClientFixture {
  protected:
    /// Reads a request, checks its target, and answers with `body`.
    void serve(Peer& peer, std::string_view target, std::string_view body,
               std::string_view headers = {}) {
        const std::string request = peer.read_request();
        EXPECT_NE(request.find(' ' + std::string(target) + " HTTP/1.1\r\n"), std::string::npos)
            << request;
        peer.respond("200 OK", body, headers);
        EXPECT_EQ(answer().body, body);
    }
};

TEST_F(ConnectionPoolTest, AConnectionIsUsedAgain) {
    Server server;
    start();
    ask(server.url("/0"));
    Peer peer = server.accept();
    serve(peer, "/0", "0");
    for (int i = 1; i < 100; ++i) {
        const std::string number = std::to_string(i);
        ask(server.url('/' + number), i % 2 == 0 ? "GET" : "POST", "", number);
        serve(peer, '/' + number, number);
    }
    EXPECT_FALSE(server.has_visitor());
    finish_turn();
    EXPECT_EQ(host().metrics().at("http_client_connections_opened"), 1);
}

TEST_F(ConnectionPoolTest, OriginsDoNotShareConnections) {
    Server one;
    Server two;
    start();
    ask(one.url());
    Peer first = one.accept();
    serve(first, "/", "one");
    ask(two.url());
    Peer second = two.accept();
    serve(second, "/", "two");
}

TEST_F(ConnectionPoolTest, AConnectionThatIsToBeClosedIsNotUsedAgain) {
    Server server;
    start();
    ask(server.url());
    Peer first = server.accept();
    serve(first, "/", "1", "Connection: close\r\n");
    first.wait_for_close();
    ask(server.url());
    Peer second = server.accept();
    serve(second, "/", "2");
}

TEST_F(ConnectionPoolTest, AConnectionWithSurplusIsNotUsedAgain) {
    Server server;
    start();
    ask(server.url("/1"));
    Peer first = server.accept();
    static_cast<void>(first.read_request());
    first.send(
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    EXPECT_EQ(answer().body, "1");
    ask(server.url("/2"));
    Peer second = server.accept();
    serve(second, "/2", "2");
}

TEST_F(ConnectionPoolTest, AnIdleConnectionIsClosedAfterItsTime) {
    Server server;
    start(R"({"idle_timeout": 10})");
    ask(server.url());
    Peer peer = server.accept();
    serve(peer, "/", "1");
    advance(seconds(9));
    ask(server.url());
    serve(peer, "/", "2");
    advance(seconds(9));
    ask(server.url());
    serve(peer, "/", "3");
    advance(seconds(10));
    peer.wait_for_close();
}

TEST_F(ConnectionPoolTest, RequestsBeyondTheLimitWaitForAConnectionInTheirOrder) {
    Server server;
    start(R"({"connections_per_origin": 2})");
    for (int i = 0; i < 6; ++i) {
        ask(server.url('/' + std::to_string(i)));
    }
    Peer first = server.accept();
    Peer second = server.accept();
    serve(first, "/0", "0");
    serve(first, "/2", "2");
    serve(first, "/3", "3");
    serve(second, "/1", "1");
    serve(second, "/5", "5");
    serve(first, "/4", "4");
    EXPECT_FALSE(server.has_visitor());
}

TEST_F(ConnectionPoolTest, TooManyThatWaitAreRefused) {
    Server server;
    start(R"({"connections_per_origin": 1, "max_waiting": 1})");
    ask(server.url("/0"));
    ask(server.url("/1"));
    ask(server.url("/2"));
    EXPECT_EQ(failure_code(), "http_client.too_many_waiting");
    Peer peer = server.accept();
    serve(peer, "/0", "0");
    serve(peer, "/1", "1");
}

TEST_F(ConnectionPoolTest, AnIdleConnectionMakesRoomForAnotherOrigin) {
    Server one;
    Server two;
    start(R"({"connections": 1})");
    ask(one.url());
    Peer first = one.accept();
    serve(first, "/", "one");
    ask(two.url());
    first.wait_for_close();
    Peer second = two.accept();
    serve(second, "/", "two");
}

TEST_F(ConnectionPoolTest, OriginsTakeTurnsWhenThereAreTooFewConnections) {
    Server one;
    Server two;
    start(R"({"connections": 1})");
    ask(one.url("/1"));
    ask(two.url("/2"));
    Peer first = one.accept();
    serve(first, "/1", "1");
    Peer second = two.accept();
    serve(second, "/2", "2");
}

TEST_F(ConnectionPoolTest, AKeptConnectionThatTheServerClosedIsReplaced) {
    Server server;
    start();
    for (const std::string_view method : {"GET", "POST"}) {
        ask(server.url(), method);
        Peer old = server.accept();
        serve(old, "/", "old");
        old.close();
        wait_for_metric("http_client_connections", 0);
        ask(server.url(), method);
        Peer fresh = server.accept();
        serve(fresh, "/", "fresh");
        fresh.close();
        wait_for_metric("http_client_connections", 0);
    }
}

TEST_F(ConnectionPoolTest, AKeptConnectionThatClosesUnderARequestIsReplacedWhereThatIsSafe) {
    Server server;
    start();
    ask(server.url());
    Peer old = server.accept();
    serve(old, "/", "old");
    ask(server.url("/again"));
    static_cast<void>(old.read_request());
    old.close();
    Peer fresh = server.accept();
    serve(fresh, "/again", "fresh");
    ask(server.url("/once"), "POST", "", "x");
    static_cast<void>(fresh.read_request());
    fresh.close();
    EXPECT_EQ(failure_code(), "connection.closed");
    finish_turn();
    EXPECT_FALSE(server.has_visitor());
}

TEST_F(ConnectionPoolTest, RetriesWhatIsSafeAfterADelayThatGrows) {
    Server server;
    start(R"({"retries": 2, "retry_delay": 1})");
    ask(server.url());
    for (int i = 0; i < 2; ++i) {
        Peer peer = server.accept();
        static_cast<void>(peer.read_request());
        peer.close();
        wait_for_metric("http_client_retries", i + 1);
        advance(std::chrono::milliseconds(999 + 1000 * i));
        finish_turn();
        EXPECT_FALSE(server.has_visitor());
        advance(std::chrono::milliseconds(1));
    }
    Peer last = server.accept();
    static_cast<void>(last.read_request());
    last.close();
    EXPECT_EQ(failure_code(), "connection.closed");
}

TEST_F(ConnectionPoolTest, NeverRetriesWhatIsNotSafe) {
    Server server;
    start(R"({"retries": 5, "retry_delay": 0})");
    ask(server.url(), "POST", "", "x");
    Peer peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.close();
    EXPECT_EQ(failure_code(), "connection.closed");
    ask(server.url());
    peer = server.accept();
    static_cast<void>(peer.read_request());
    peer.send("HTTP/1.1 200 OK\r\n");  // the response has begun
    peer.close();
    EXPECT_EQ(failure_code(), "response.closed_early");
    EXPECT_EQ(host().metrics()["http_client_retries"], 0);
}

}  // namespace
}  // namespace patchbay::http_client
