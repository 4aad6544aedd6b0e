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

}  // namespace
}  // namespace patchbay::http_server::test
