// SPDX-License-Identifier: Apache-2.0
/// \file
/// What becomes of requests that nobody takes or answers, and of envelopes that are no answers.
#include "server_bench.hpp"

#include <patchbay/protocols/http.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace patchbay::http_server::test {
namespace {

using namespace std::chrono_literals;

// ---- Late and missing answers -------------------------------------------------------------------

TEST(HttpServerFailures, ARequestThatNobodyAnswersInTimeGets408AndTheConnectionGoesOn) {
    ServerBench bench;
    Client client = bench.client();
    client.send(get("/"));
    const Request request = bench.request(0);
    bench.advance(4s);
    bench.settle();
    EXPECT_FALSE(client.has_input());
    bench.advance(1s);
    const Response response = client.receive();
    EXPECT_EQ(response.status, 408U);
    EXPECT_TRUE(response.head.starts_with("HTTP/1.1 408 Request Timeout\r\n"));
    EXPECT_EQ(response.header("Connection"), "");
    EXPECT_EQ(bench.metric("requests_timed_out"), 1);

    bench.answer(request, {200, "OK", "", "late"});
    EXPECT_EQ(bench.host().wait_for_completions(1)[0].status, PATCHBAY_OK);
    EXPECT_EQ(bench.metric("answers_late"), 1);
    EXPECT_EQ(bench.exchange(client, get("/"), {200, "OK", "", "next"}).body, "next");
    bench.finish();
}

TEST(HttpServerFailures, ATimeoutKeepsItsPlaceAmongPipelinedAnswers) {
    ServerBench bench;
    Client client = bench.client();
    client.send(get("/0"));
    const Request first = bench.request(0);
    bench.advance(3s);
    client.send(get("/1"));
    bench.answer(bench.request(1), {200, "OK", "", "second"});
    bench.advance(2s);
    EXPECT_EQ(client.receive().status, 408U);
    EXPECT_EQ(client.receive().body, "second");
    bench.answer(first);
    bench.host().wait_for_completions(2);
    EXPECT_EQ(bench.metric("answers_late"), 1);
    bench.finish();
}

TEST(HttpServerFailures, TimedOutRequestsDoNotCountAsPending) {
    ServerBench bench(Config{{"max_pending_requests", 2}});
    Client client = bench.client();
    for (std::size_t i = 0; i < 10; i += 2) {
        client.send(get("/") + get("/"));
        static_cast<void>(bench.request(i + 1));
        bench.advance(5s);
        EXPECT_EQ(client.receive().status, 408U);
        EXPECT_EQ(client.receive().status, 408U);
    }
    EXPECT_EQ(bench.exchange(client, get("/")).status, 200U);
    bench.finish();
}

TEST(HttpServerFailures, WithoutALimitAnAnswerMayTakeForEver) {
    ServerBench bench(Config{{"timeout", nullptr}});
    Client client = bench.client();
    client.send(get("/"));
    const Request request = bench.request(0);
    bench.advance(24h);
    bench.settle();
    bench.answer(request, {200, "OK", "", "at last"});
    EXPECT_EQ(client.receive().body, "at last");
    bench.finish();
}

TEST(HttpServerFailures, TheLimitsCountFromTheRequestHoweverLongTheServerWasIdle) {
    ServerBench bench(Config{{"timeout", 5}, {"header_timeout", 10}});
    Client slow = bench.client();
    Client quick = bench.client();
    EXPECT_EQ(bench.exchange(slow, get("/")).status, 200U);
    EXPECT_EQ(bench.exchange(quick, get("/")).status, 200U);
    bench.advance(30s);  // nothing becomes due
    slow.send("GET /");
    bench.settle();
    quick.send(get("/"));
    static_cast<void>(bench.request(2));
    bench.advance(5s);
    EXPECT_EQ(quick.receive().status, 408U);
    bench.settle();
    EXPECT_FALSE(slow.has_input());
    bench.advance(5s);
    EXPECT_EQ(slow.receive().status, 408U);
    bench.finish();
}

// ---- No room ------------------------------------------------------------------------------------

TEST(HttpServerFailures, ARequestForWhichThereIsNoRoomGets503) {
    ServerBench bench;
    Client client = bench.client();
    bench.host().fill(ServerBench::target);
    client.send(get("/0") + get("/1"));
    for (int i = 0; i < 2; ++i) {
        const Response response = client.receive();
        EXPECT_EQ(response.status, 503U);
        EXPECT_EQ(response.header("Retry-After"), "1");
        EXPECT_EQ(response.header("Connection"), "");
    }
    EXPECT_EQ(bench.metric("requests_overloaded"), 2);
    EXPECT_EQ(bench.host().blocks_held(), 0U);
    bench.host().make_room(ServerBench::target);
    EXPECT_EQ(bench.exchange(client, get("/"), {200, "OK", "", "room"}).body, "room");
    bench.finish();
}

TEST(HttpServerFailures, ARefusalForLackOfRoomKeepsItsPlaceAmongPipelinedAnswers) {
    ServerBench bench;
    Client client = bench.client();
    client.send(get("/0"));
    const Request first = bench.request(0);
    bench.host().fill(ServerBench::target);
    client.send(get("/1"));
    bench.host().wait_for_full_answers(1);
    bench.settle();
    EXPECT_FALSE(client.has_input());
    bench.answer(first, {200, "OK", "", "first"});
    EXPECT_EQ(client.receive().body, "first");
    EXPECT_EQ(client.receive().status, 503U);
    bench.finish();
}

TEST(HttpServerFailures, MoreRequestsThanMayWaitForAnswersGet503) {
    ServerBench bench(Config{{"max_pending_requests", 2}});
    Client patient = bench.client();
    patient.send(get("/0") + get("/1"));
    const Request second = bench.request(1);
    Client other = bench.client();
    other.send(get("/2"));
    EXPECT_EQ(other.receive().status, 503U);
    EXPECT_EQ(bench.requests(), 2U);
    bench.answer(second);
    bench.host().wait_for_completions(1);
    EXPECT_EQ(bench.exchange(other, get("/3")).status, 200U);
    bench.answer(bench.request(0));
    EXPECT_EQ(patient.receive().status, 200U);
    bench.finish();
}

TEST(HttpServerFailures, ARequestThatBecomesADeadLetterGets503) {
    ServerBench bench;
    Client client = bench.client();
    bench.host().refuse(ServerBench::target, PATCHBAY_REASON_NO_ROUTE);
    client.send(get("/"));
    EXPECT_EQ(client.receive().status, 503U);
    EXPECT_EQ(bench.host().blocks_held(), 0U);
    bench.finish();
}

TEST(HttpServerFailures, ARequestForWhichThereIsNoMemoryGets503) {
    ServerBench bench;
    Client client = bench.client();
    bench.host().exhaust_memory();
    client.send(get("/"));
    EXPECT_EQ(client.receive().status, 503U);
    bench.host().exhaust_memory(false);
    EXPECT_EQ(bench.exchange(client, get("/")).status, 200U);
    bench.finish();
}

// ---- Answers that are none ----------------------------------------------------------------------

TEST(HttpServerFailures, AStatusThatHttpDoesNotKnowBecomes500) {
    ServerBench bench;
    Client client = bench.client();
    for (const std::int32_t status : {-1, 0, 99, 100, 101, 199, 1000, 2147483647}) {
        const Response response = bench.exchange(client, get("/"), {status, "Odd", "", "body"});
        EXPECT_EQ(response.status, 500U) << status;
        EXPECT_TRUE(response.head.starts_with("HTTP/1.1 500 Server Error\r\n"));
        EXPECT_EQ(response.body, "");
    }
    bench.host().wait_for_completions(8);
    bench.finish();
}

TEST(HttpServerFailures, EnvelopesThatAreNoAnswersAreDroppedWithAReason) {
    ServerBench bench;
    Client client = bench.client();
    client.send(get("/"));
    const Request request = bench.request(0);
    Envelope other = ServerBench::envelope(request);
    other.protocol_id = "fetchai/default:1.0.0";
    bench.host().push(other);
    bench.host().wait_for_log("it speaks 'fetchai/default:1.0.0'");
    Envelope malformed = ServerBench::envelope(request);
    malformed.message = "\xFF";
    bench.host().push(malformed);
    bench.host().wait_for_log("message.malformed");
    Envelope asking = ServerBench::envelope(request);
    asking.message = bench.host().deliveries().at(0).envelope.message;
    bench.host().push(asking);
    bench.host().wait_for_log("it is a request");
    bench.host().wait_for_completions(3);
    bench.answer(request, {200, "OK", "", "the answer"});
    EXPECT_EQ(client.receive().body, "the answer");
    bench.finish();
}

TEST(HttpServerFailures, AnAnswerToAnUnknownDialogueIsNotItsOwn) {
    ServerBench bench;
    Request unknown;
    unknown.reference = std::string(32, 'a');
    bench.answer(unknown);
    EXPECT_EQ(bench.host().wait_for_completions(1)[0].status, PATCHBAY_NOT_MINE);
    bench.finish();
}

TEST(HttpServerFailures, ASecondAnswerReachesNobody) {
    ServerBench bench;
    Client client = bench.client();
    EXPECT_EQ(bench.exchange(client, get("/"), {200, "OK", "", "first"}).body, "first");
    bench.answer(bench.request(0), {200, "OK", "", "second"});
    bench.host().wait_for_completions(2);
    EXPECT_EQ(bench.exchange(client, get("/"), {200, "OK", "", "third"}).body, "third");
    bench.finish();
}

TEST(HttpServerFailures, HeadersOfAnAnswerCannotEndTheHead) {
    ServerBench bench;
    Client client = bench.client();
    const Answer answer{200, "OK\r\nX-Forged: 1", "A: b\r c\nContent-Length: 99\nBad Name: d\n\n",
                        "body"};
    const Response response = bench.exchange(client, get("/"), answer);
    EXPECT_EQ(response.body, "body");
    EXPECT_EQ(response.header("X-Forged"), "");
    EXPECT_EQ(response.header("Content-Length"), "4");
    EXPECT_EQ(bench.exchange(client, get("/"), {200, "OK", "", "next"}).body, "next");
    bench.finish();
}

}  // namespace
}  // namespace patchbay::http_server::test
