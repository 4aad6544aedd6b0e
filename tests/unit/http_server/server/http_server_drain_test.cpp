// SPDX-License-Identifier: Apache-2.0
/// \file
/// How an http_server disconnects: whoever asked is answered, whoever did not is sent away.
#include "server_bench.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>
#include <vector>

namespace patchbay::http_server::test {
namespace {

using namespace std::chrono_literals;

/// For tests in which waiting until the limit shows as a failure.
testing::HostOptions patient() {
    testing::HostOptions options;
    options.disconnect_limit = 10min;
    return options;
}

TEST(HttpServerDrain, AnswersWhatIsInProgressAndSendsTheOthersAway) {
    ServerBench bench({}, patient());
    Client fresh = bench.client();
    Client idle = bench.client();
    EXPECT_EQ(bench.exchange(idle, get("/")).status, 200U);
    Client waiting = bench.client();
    waiting.send(get("/1") + get("/2"));
    const Request last = bench.request(2);
    const std::uint16_t port = bench.port();
    bench.host().begin_disconnect();
    EXPECT_TRUE(fresh.is_ended());
    EXPECT_TRUE(idle.is_ended());
    bench.answer(bench.request(1), {200, "OK", "", "first"});
    const Response first = waiting.receive();
    EXPECT_EQ(first.body, "first");
    EXPECT_EQ(first.header("Connection"), "");
    bench.answer(last, {200, "OK", "", "last"});
    const Response response = waiting.receive();
    EXPECT_EQ(response.body, "last");
    EXPECT_EQ(response.header("Connection"), "close");
    EXPECT_TRUE(waiting.is_ended());
    bench.wait_for_drain();
    EXPECT_THROW(Client{port}, std::system_error);
    bench.finish();
}

TEST(HttpServerDrain, TakesTheRestOfARequestThatHasBegun) {
    ServerBench bench({}, patient());
    Client client = bench.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbo");
    bench.settle();
    Client header = bench.client();
    header.send("GET / HT");
    bench.settle();
    bench.host().begin_disconnect();
    client.send("dy");
    bench.answer(bench.request(0), {200, "OK", "", "whole"});
    EXPECT_EQ(client.receive().body, "whole");
    EXPECT_TRUE(client.is_ended());
    header.send("TP/1.1\r\nHost: h\r\n\r\n");
    bench.answer(bench.request(1));
    EXPECT_EQ(header.receive().header("Connection"), "close");
    bench.wait_for_drain();
    bench.finish();
}

TEST(HttpServerDrain, AnswersWhatWasSentBehindARequestInProgress) {
    ServerBench bench(Config{{"max_pipelined_requests", 1}}, patient());
    Client client = bench.client();
    client.send(get("/0") + get("/1"));
    const Request first = bench.request(0);
    Client idle = bench.client();
    bench.settle();
    bench.host().begin_disconnect();
    EXPECT_TRUE(idle.is_ended());
    bench.answer(first, {200, "OK", "", "first"});
    EXPECT_EQ(client.receive().body, "first");
    bench.answer(bench.request(1), {200, "OK", "", "second"});
    const Response last = client.receive();
    EXPECT_EQ(last.body, "second");
    EXPECT_EQ(last.header("Connection"), "close");
    EXPECT_TRUE(client.is_ended());
    bench.wait_for_drain();
    bench.finish();
}

TEST(HttpServerDrain, WhoIsNotAnsweredUntilTheLimitGets500) {
    testing::HostOptions options;
    options.disconnect_limit = 300ms;
    ServerBench bench({}, options);
    Client client = bench.client();
    client.send(get("/0") + get("/1"));
    bench.answer(bench.request(1), {200, "OK", "", "early"});
    bench.host().begin_disconnect();
    const Response response = client.receive();
    EXPECT_TRUE(response.head.starts_with("HTTP/1.1 500 Server terminated unexpectedly.\r\n"))
        << response.head;
    bench.wait_for_drain();
    bench.host().wait_for_completions(1);
    bench.finish();
}

TEST(HttpServerDrain, AClientThatIsSlowToReadGetsAllOfItsAnswer) {
    ServerBench bench({}, patient());
    Client client = bench.client();
    const std::string body(std::size_t{16} << 20U, 'x');
    client.send(get("/"));
    bench.answer(bench.request(0), {200, "OK", "", body});
    bench.settle();  // the answer is on its way
    bench.host().begin_disconnect();
    EXPECT_EQ(client.receive().body.size(), body.size());
    EXPECT_TRUE(client.is_ended());
    bench.wait_for_drain();
    bench.finish();
}

TEST(HttpServerDrain, EveryLaneStopsAtOnce) {
    testing::HostOptions options = patient();
    options.lane_limit = 2;
    ServerBench bench(Config{{"lanes", 2}}, options);
    // The system spreads clients over the lanes.
    std::vector<Client> waiting;
    do {
        waiting.push_back(bench.client());
        waiting.back().send(get("/"));
    } while (bench.request(waiting.size() - 1).lane != 0);
    std::vector<Client> idle;
    for (int i = 0; i < 40; ++i) {
        idle.push_back(bench.client());
    }
    bench.wait_for_open_connections(static_cast<std::int64_t>(waiting.size() + idle.size()));
    bench.host().begin_disconnect();
    for (Client& client : idle) {
        EXPECT_TRUE(client.is_ended());
    }
    for (std::size_t i = 0; i < waiting.size(); ++i) {
        bench.answer(bench.request(i));
        EXPECT_EQ(waiting[i].receive().header("Connection"), "close");
    }
    bench.wait_for_drain();
    bench.finish();
}

TEST(HttpServerDrain, ServesAgainAfterTheNextConnect) {
    ServerBench bench;
    EXPECT_TRUE(bench.serves());
    ASSERT_TRUE(bench.host().disconnect());
    ASSERT_TRUE(bench.host().connect());
    Client client = bench.client();
    EXPECT_EQ(bench.exchange(client, get("/")).status, 200U);
    EXPECT_EQ(bench.exchange(client, get("/")).status, 200U);
    bench.finish();
}

TEST(HttpServerDrain, StoppingWithoutADisconnectLeavesNothing) {
    ServerBench bench;
    Client waiting = bench.client();
    waiting.send(get("/0") + get("/1") + "POST");
    bench.answer(bench.request(1));
    Client idle = bench.client();
    bench.settle();
    bench.host().stop();
    EXPECT_TRUE(waiting.is_ended());
    EXPECT_TRUE(idle.is_ended());
    EXPECT_EQ(bench.host().blocks_held(), 0U);
}

}  // namespace
}  // namespace patchbay::http_server::test
