// SPDX-License-Identifier: Apache-2.0
/// \file
/// Clients that take their time, with the double's clock in the test's hand.
#include "server_bench.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace patchbay::http_server::test {
namespace {

using namespace std::chrono_literals;

struct SlowClients : ::testing::Test {
    void advance(std::chrono::nanoseconds time) {
        bench.advance(time);
        bench.settle();
    }
    /// What is sent step by step gets 408 when its time is up, and not earlier.
    void expect_timeout(std::string_view piece, std::chrono::seconds limit) {
        for (auto passed = 0s; passed < limit - 1s; passed += 1s) {
            client.send(piece);
            bench.settle();
            advance(1s);
        }
        EXPECT_FALSE(client.has_input());
        client.send(piece);
        advance(1s);
        EXPECT_EQ(client.receive().status, 408U);
        EXPECT_TRUE(client.is_ended());
        EXPECT_EQ(bench.requests(), 0U);
    }
    void TearDown() override {
        EXPECT_TRUE(bench.serves());
        bench.finish();
    }

    ServerBench bench;
    Client client = bench.client();
};

TEST_F(SlowClients, WhoSaysNothingIsSentAway) {
    bench.settle();
    advance(9s);
    EXPECT_FALSE(client.has_input());
    advance(1s);
    EXPECT_TRUE(client.is_ended());
}

TEST_F(SlowClients, EmptyLinesAreNothing) {
    for (int i = 0; i < 9; ++i) {
        client.send("\r\n");
        bench.settle();
        advance(1s);
    }
    EXPECT_FALSE(client.has_input());
    advance(1s);
    EXPECT_TRUE(client.is_ended());
}

TEST_F(SlowClients, AHeadHasToArriveInTimeHoweverManyPiecesCome) {
    client.send("GET / HTTP/1.1\r\nHost: h\r\n");
    expect_timeout("X: y\r\n", 10s);
}

TEST_F(SlowClients, ABodyHasToArriveInTimeHoweverManyPiecesCome) {
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
    expect_timeout("x", 60s);
}

TEST_F(SlowClients, ChunksHaveToArriveInTimeHoweverManyPiecesCome) {
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    expect_timeout("1\r\nx\r\n", 60s);
}

TEST_F(SlowClients, ABodyThatWasAskedForHasToArriveInTime) {
    client.send(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.receive().status, 100U);
    expect_timeout("x", 60s);
}

TEST_F(SlowClients, TheRestOfARequestBehindAnAnswerHasToArriveInTime) {
    client.send(get("/") + "GET /");
    bench.answer(bench.request(0));
    EXPECT_EQ(client.receive().status, 200U);
    advance(9s);
    EXPECT_FALSE(client.has_input());
    advance(1s);
    EXPECT_EQ(client.receive().status, 408U);
    EXPECT_TRUE(client.is_ended());
}

TEST_F(SlowClients, WhoIsIdleIsSentAway) {
    EXPECT_EQ(bench.exchange(client, get("/")).status, 200U);
    bench.settle();
    advance(74s);
    EXPECT_FALSE(client.has_input());
    advance(1s);
    EXPECT_TRUE(client.is_ended());
}

TEST_F(SlowClients, EmptyLinesDoNotProlongAnIdleConnection) {
    EXPECT_EQ(bench.exchange(client, get("/")).status, 200U);
    bench.settle();
    advance(40s);
    client.send("\r\n");
    bench.settle();
    advance(35s);
    EXPECT_TRUE(client.is_ended());
}

TEST_F(SlowClients, ARequestEndsTheIdleTime) {
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(bench.exchange(client, get("/")).status, 200U);
        advance(60s);
    }
    EXPECT_EQ(bench.exchange(client, get("/")).status, 200U);
}

const std::string large(std::size_t{16} << 20U, 'x');

TEST_F(SlowClients, WhoDoesNotReadIsSentAway) {
    client.send(get("/"));
    bench.answer(bench.request(0), {200, "OK", "", large});
    bench.settle();
    bench.wait_for_open_connections(1);
    advance(59s);
    bench.wait_for_open_connections(1);
    advance(1s);
    bench.wait_for_open_connections(0);
    EXPECT_LT(client.receive_all().size(), large.size());
}

TEST_F(SlowClients, WhoTakesAPartNowAndThenGetsAll) {
    client.send(get("/"));
    bench.answer(bench.request(0), {200, "OK", "", large});
    for (int i = 0; i < 3; ++i) {
        advance(50s);
        bench.wait_for_open_connections(1);
        ASSERT_TRUE(client.read(std::size_t{4} << 20U));
        bench.settle();
    }
    EXPECT_EQ(client.receive().body, large);
}

TEST(SlowReaders, HoldUpNobodyElse) {
    testing::HostOptions options;
    options.max_in_flight = 2;
    ServerBench bench({}, options);
    std::vector<Client> readers_of_nothing;
    for (std::size_t i = 0; i < 4; ++i) {
        readers_of_nothing.push_back(bench.client());
        readers_of_nothing.back().send(get("/"));
        bench.answer(bench.request(i), {200, "OK", "", large});
    }
    bench.host().wait_for_completions(4);
    EXPECT_TRUE(bench.serves());
    readers_of_nothing.clear();
    bench.finish();
}

}  // namespace
}  // namespace patchbay::http_server::test
