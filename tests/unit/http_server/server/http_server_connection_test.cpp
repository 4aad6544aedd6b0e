// SPDX-License-Identifier: Apache-2.0
/// \file
/// Requests and answers: what the consumer gets, what clients get, and in which order.
#include "http_server_connection.hpp"

#include "server_bench.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace patchbay::http_server::test {
namespace {

using namespace std::chrono_literals;

TEST(HttpServerConnection, HandsARequestToTheConsumerAndItsAnswerToTheClient) {
    ServerBench bench;
    Client client = bench.client();
    client.send(
        "POST /a/b?c=d HTTP/1.1\r\nHost: example:80\r\nX-A: 1\r\nX-A: 2\r\n"
        "Content-Length: 4\r\n\r\nbody");
    const Request request = bench.request(0);
    EXPECT_EQ(request.method, "post");
    EXPECT_EQ(request.url, "http://example:80/a/b?c=d");
    EXPECT_EQ(request.version, "HTTP/1.1");
    EXPECT_EQ(request.headers, "Host: example:80\nX-A: 1\nX-A: 2\nContent-Length: 4\n\n");
    EXPECT_EQ(request.body, "body");
    bench.answer(request, {201, "Made", "Location: /x\nX-B: 1\nX-B: 2\n\n", "answer"});
    const Response response = client.receive();
    EXPECT_EQ(response.status, 201U);
    EXPECT_TRUE(response.head.starts_with("HTTP/1.1 201 Made\r\n")) << response.head;
    EXPECT_NE(response.head.find("X-B: 1\r\nX-B: 2\r\n"), std::string::npos);
    EXPECT_EQ(response.header("Location"), "/x");
    EXPECT_EQ(response.header("Content-Length"), "6");
    EXPECT_EQ(response.header("Server"), "patchbay");
    EXPECT_EQ(response.body, "answer");
    EXPECT_EQ(bench.host().wait_for_completions(1)[0].status, PATCHBAY_OK);
    bench.finish();
}

TEST(HttpServerConnection, AnswersPipelinedRequestsInTheirOrderWhateverTheOrderOfTheAnswers) {
    ServerBench bench;
    Client client = bench.client();
    client.send(get("/0") + post("/1", "b") + get("/2"));
    for (const std::size_t index : {2U, 0U, 1U}) {
        const Request request = bench.request(index);
        EXPECT_TRUE(request.url.ends_with('/' + std::to_string(index)));
        bench.answer(request, {200, "OK", "", std::to_string(index)});
    }
    for (const char* body : {"0", "1", "2"}) {
        EXPECT_EQ(client.receive().body, body);
    }
    bench.host().wait_for_completions(3);
    bench.settle();
    EXPECT_EQ(bench.metric("requests"), 3);
    EXPECT_EQ(bench.metric("requests_answered"), 3);
    bench.finish();
}

TEST(HttpServerConnection, AnAnswerBeforeItsTurnDoesNotHoldUpTheOthers) {
    testing::HostOptions options;
    options.max_in_flight = 1;
    ServerBench bench({}, options);
    Client client = bench.client();
    client.send(get("/0") + get("/1") + get("/2"));
    for (const std::size_t index : {2U, 1U, 0U}) {
        bench.answer(bench.request(index), {200, "OK", "", std::to_string(index)});
    }
    for (const char* body : {"0", "1", "2"}) {
        EXPECT_EQ(client.receive().body, body);
    }
    bench.finish();
}

TEST(HttpServerConnection, BringsEachAnswerToTheClientThatAsked) {
    ServerBench bench;
    Client first = bench.client();
    Client second = bench.client();
    first.send(get("/first"));
    const Request of_first = bench.request(0);
    second.send(get("/second"));
    bench.answer(bench.request(1), {200, "OK", "", "second"});
    EXPECT_EQ(second.receive().body, "second");
    bench.answer(of_first, {200, "OK", "", "first"});
    EXPECT_EQ(first.receive().body, "first");
    bench.finish();
}

TEST(HttpServerConnection, ReadsNoMoreRequestsOfAClientThanMayWait) {
    ServerBench bench(Config{{"max_pipelined_requests", 2}});
    Client client = bench.client();
    client.send(get("/0") + get("/1") + get("/2") + get("/3"));
    const Request second = bench.request(1);
    bench.settle();
    EXPECT_EQ(bench.requests(), 2U);
    bench.answer(second);
    bench.settle();
    EXPECT_EQ(bench.requests(), 2U);
    bench.answer(bench.request(0));
    const Request fourth = bench.request(3);
    bench.settle();
    EXPECT_EQ(bench.requests(), 4U);
    bench.answer(bench.request(2));
    bench.answer(fourth);
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(client.receive().status, 200U);
    }
    bench.finish();
}

TEST(HttpServerConnection, ManyRequestsAtOnceAreAllAnswered) {
    constexpr std::size_t count = 1000;  // more than one reading and one batch
    ServerBench bench;
    Client client = bench.client();
    std::string requests;
    for (std::size_t i = 0; i < count; ++i) {
        requests += get('/' + std::to_string(i));
    }
    client.send(requests);
    for (std::size_t i = 0; i < count; ++i) {
        bench.answer(bench.request(i), {200, "OK", "", std::to_string(i)});
        EXPECT_EQ(client.receive().body, std::to_string(i));
    }
    bench.finish();
}

TEST(HttpServerConnection, KeepsAConnectionUntilTheClientWantsItsEnd) {
    ServerBench bench;
    Client client = bench.client();
    EXPECT_EQ(bench.exchange(client, get("/")).header("Connection"), "");
    const Response last = bench.exchange(client, get("/", "Connection: close\r\n"));
    EXPECT_EQ(last.header("Connection"), "close");
    EXPECT_TRUE(client.is_ended());
    bench.finish();
}

TEST(HttpServerConnection, DoesNotLookAtWhatFollowsTheLastRequest) {
    ServerBench bench;
    Client client = bench.client();
    client.send(get("/", "Connection: close\r\n") + get("/after") + "garbage");
    bench.answer(bench.request(0));
    EXPECT_EQ(client.receive().status, 200U);
    EXPECT_TRUE(client.is_ended());
    EXPECT_EQ(bench.requests(), 1U);
    bench.finish();
}

TEST(HttpServerConnection, AnswersOlderClientsAsTheyExpect) {
    ServerBench bench;
    Client keeping = bench.client();
    const std::string keep = "GET /k HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    const Response kept = bench.exchange(keeping, keep);
    EXPECT_EQ(kept.header("Connection"), "keep-alive");
    const Request request = bench.request(0);
    EXPECT_EQ(request.version, "HTTP/1.0");
    EXPECT_EQ(request.url, "http://127.0.0.1:" + std::to_string(bench.port()) + "/k");
    const Answer chunked{200, "OK", "Transfer-Encoding: chunked\n\n", "body"};
    const Response plain = bench.exchange(keeping, "GET / HTTP/1.0\r\n\r\n", chunked);
    EXPECT_EQ(plain.header("Transfer-Encoding"), "");
    EXPECT_EQ(plain.header("Connection"), "close");
    EXPECT_EQ(plain.body, "body");
    EXPECT_TRUE(keeping.is_ended());
    bench.finish();
}

TEST(HttpServerConnection, AnswersHeadWithoutTheBody) {
    ServerBench bench;
    Client client = bench.client();
    client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    const Request request = bench.request(0);
    EXPECT_EQ(request.method, "head");
    bench.answer(request, {200, "OK", "", "four"});
    const Response response = client.receive(true);
    EXPECT_EQ(response.header("Content-Length"), "4");
    EXPECT_EQ(bench.exchange(client, get("/"), {200, "OK", "", "next"}).body, "next");
    bench.finish();
}

TEST(HttpServerConnection, StatusesWithoutBodyHaveNone) {
    ServerBench bench;
    Client client = bench.client();
    for (const std::int32_t status : {204, 304}) {
        const Response response = bench.exchange(client, get("/"), {status, "", "", "body"});
        EXPECT_EQ(response.status, static_cast<unsigned>(status));
        EXPECT_EQ(response.header("Content-Length"), "");
    }
    EXPECT_EQ(bench.exchange(client, get("/"), {200, "OK", "", "next"}).body, "next");
    bench.finish();
}

TEST(HttpServerConnection, SpeaksChunksInBothDirections) {
    ServerBench bench;
    Client client = bench.client();
    const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string body = "3;a=b\r\nabc\r\n4\r\ndefg\r\n0\r\nTrailer: x\r\n\r\n";
    const Answer answer{200, "OK", "Transfer-Encoding: chunked\n\n", "response"};
    const Response response = bench.exchange(client, head + body, answer);
    EXPECT_EQ(bench.request(0).body, "abcdefg");
    EXPECT_EQ(response.header("Transfer-Encoding"), "chunked");
    EXPECT_EQ(response.header("Content-Length"), "");
    EXPECT_EQ(response.body, "response");
    EXPECT_EQ(bench.exchange(client, get("/"), {200, "OK", "", "next"}).body, "next");
    bench.finish();
}

TEST(HttpServerConnection, TakesABodyThatComesInPieces) {
    ServerBench bench;
    Client client = bench.client();
    const std::string body(300000, 'b');
    const std::string request = post("/", body);
    for (std::size_t i = 0; i < request.size(); i += 40000) {
        client.send(std::string_view(request).substr(i, 40000));
        bench.settle();
    }
    EXPECT_EQ(bench.request(0).body, body);
    bench.answer(bench.request(0), {200, "OK", "", body});
    EXPECT_EQ(client.receive().body, body);
    bench.finish();
}

// ---- 100 (Continue) -----------------------------------------------------------------------------

const std::string expecting =
    "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";

TEST(HttpServerConnection, TellsAClientThatAsksToSendItsBody) {
    ServerBench bench;
    Client client = bench.client();
    client.send(expecting);
    EXPECT_EQ(client.receive().status, 100U);
    client.send("body");
    EXPECT_EQ(bench.request(0).body, "body");
    bench.answer(bench.request(0));
    EXPECT_EQ(client.receive().status, 200U);
    bench.finish();
}

TEST(HttpServerConnection, ABodyThatIsThereNeedsNoContinue) {
    ServerBench bench;
    Client client = bench.client();
    EXPECT_EQ(bench.exchange(client, expecting + "body").status, 200U);
    bench.finish();
}

TEST(HttpServerConnection, EarlierAnswersComeBeforeAContinue) {
    ServerBench bench;
    Client client = bench.client();
    client.send(get("/first") + expecting);
    const Request first = bench.request(0);
    bench.settle();
    EXPECT_FALSE(client.has_input());
    bench.answer(first, {200, "OK", "", "first"});
    EXPECT_EQ(client.receive().body, "first");
    EXPECT_EQ(client.receive().status, 100U);
    client.send("body" + get("/last"));
    EXPECT_EQ(bench.request(1).body, "body");
    bench.answer(bench.request(2), {200, "OK", "", "last"});
    bench.answer(bench.request(1), {200, "OK", "", "expected"});
    EXPECT_EQ(client.receive().body, "expected");
    EXPECT_EQ(client.receive().body, "last");
    bench.finish();
}

// ---- Clients that go ----------------------------------------------------------------------------

TEST(HttpServerConnection, AClientThatEndsItsSideStillGetsItsAnswers) {
    ServerBench bench;
    Client client = bench.client();
    client.send(get("/0") + get("/1") + "GET /par");
    client.end_sending();
    bench.answer(bench.request(1), {200, "OK", "", "1"});
    bench.settle();
    bench.answer(bench.request(0), {200, "OK", "", "0"});
    EXPECT_EQ(client.receive().body, "0");
    EXPECT_EQ(client.receive().body, "1");
    EXPECT_TRUE(client.is_ended());
    EXPECT_EQ(bench.requests(), 2U);
    bench.finish();
}

TEST(HttpServerConnection, WithoutALimitForAnswersAClientThatEndsItsSideIsTakenForGone) {
    ServerBench bench(Config{{"timeout", nullptr}});
    Client client = bench.client();
    client.send(get("/"));
    const Request request = bench.request(0);
    client.end_sending();
    EXPECT_TRUE(client.is_ended());
    bench.answer(request);
    EXPECT_EQ(bench.host().wait_for_completions(1)[0].status, PATCHBAY_OK);
    EXPECT_EQ(bench.metric("answers_late"), 1);
    bench.finish();
}

TEST(HttpServerConnection, TheAnswersToAClientThatHasGoneAreCountedAndDropped) {
    ServerBench bench;
    Client client = bench.client();
    client.send(get("/0") + get("/1") + get("/2") + "POST /");
    const Request last = bench.request(2);
    bench.answer(last);  // stands behind the others when the client goes
    bench.settle();
    client.reset();
    bench.wait_for_open_connections(0);
    bench.answer(bench.request(0));
    bench.answer(bench.request(1));
    bench.host().wait_for_completions(3);
    bench.settle();
    EXPECT_EQ(bench.metric("answers_late"), 2);
    EXPECT_TRUE(bench.serves());
    bench.finish();
}

TEST(HttpServerConnection, AResetInTheMiddleOfABodyEndsTheRequest) {
    ServerBench bench;
    Client client = bench.client();
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\npart");
    bench.settle();
    client.reset();
    bench.wait_for_open_connections(0);
    EXPECT_EQ(bench.requests(), 0U);
    bench.finish();
}

}  // namespace
}  // namespace patchbay::http_server::test
