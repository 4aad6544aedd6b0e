// SPDX-License-Identifier: Apache-2.0
#include "response_writer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace patchbay::http_server {
namespace {

using namespace std::chrono_literals;
using protocols::HttpResponseView;

struct ResponseWriterTest : ::testing::Test {
    std::string written(const HttpResponseView& response, const ResponseRules& rules = {}) {
        std::string out = "before ";
        EXPECT_TRUE(writer.append(out, response, rules));
        return out.substr(7);
    }
    void SetUp() override { writer.set_time(784111777s); }

    ResponseWriter writer{"test", 0};
};

constexpr std::string_view date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

TEST_F(ResponseWriterTest, WritesTheResponseAndWhatIsTheServersOwn) {
    EXPECT_EQ(written({"HTTP/1.1", 201, "Made", "X-A: 1\nX-A: 2\n\n", "body"}),
              "HTTP/1.1 201 Made\r\nX-A: 1\r\nX-A: 2\r\nServer: test\r\n" + std::string(date) +
                  "Content-Length: 4\r\n\r\nbody");
}

TEST_F(ResponseWriterTest, KnowsThePhraseThatTheConsumerLeftOut) {
    EXPECT_TRUE(written({"", 404, "", "", ""}).starts_with("HTTP/1.1 404 Not Found\r\n"));
    EXPECT_TRUE(written({"", 999, "", "", ""}).starts_with("HTTP/1.1 999 "));
}

TEST_F(ResponseWriterTest, LeavesDateAndServerToTheConsumer) {
    const std::string text = written({"", 200, "", "date: now\nSERVER: own\n\n", ""});
    EXPECT_NE(text.find("date: now\r\nSERVER: own\r\n"), std::string::npos);
    EXPECT_EQ(text.find("Date:"), std::string::npos);
    EXPECT_EQ(text.find("Server:"), std::string::npos);
}

TEST_F(ResponseWriterTest, SaysNothingOfTheServerWhenToldSo) {
    ResponseWriter silent("", 0);
    std::string out;
    ASSERT_TRUE(silent.append(out, {"", 200, "", "", ""}, {}));
    EXPECT_EQ(out.find("Server"), std::string::npos);
}

TEST_F(ResponseWriterTest, LengthFramingAndConnectionAreTheServersOwn) {
    const std::string text = written({"", 200, "",
                                      "Content-Length: 9\nConnection: close\nKeep-Alive: x\n"
                                      "Upgrade: y\nTrailer: z\nTransfer-Encoding: gzip\n\n",
                                      "body"});
    EXPECT_EQ(text, "HTTP/1.1 200 OK\r\nServer: test\r\n" + std::string(date) +
                        "Content-Length: 4\r\n\r\nbody");
}

TEST_F(ResponseWriterTest, NothingInAHeaderEndsItsLine) {
    const std::string text =
        written({"", 200, "O\r\nK", "A: b\r c\x01\nBad Name: d\nE : f\n\n", ""});
    EXPECT_TRUE(text.starts_with("HTTP/1.1 200 O  K\r\nA: b")) << text;
    EXPECT_EQ(text.find("Bad"), std::string::npos);
    EXPECT_EQ(text.find('\x01'), std::string::npos);
    EXPECT_EQ(text.find("\r "), std::string::npos);
}

TEST_F(ResponseWriterTest, SendsChunksToThoseWhoKnowThem) {
    const HttpResponseView response{"", 200, "", "Transfer-Encoding: chunked\n\n",
                                    "0123456789abcdef"};
    EXPECT_TRUE(written(response).ends_with(
        "Transfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"));
    ResponseRules old;
    old.version = 10;
    EXPECT_TRUE(
        written(response, old)
            .ends_with("Connection: keep-alive\r\nContent-Length: 16\r\n\r\n0123456789abcdef"));
    const HttpResponseView empty{"", 200, "", "Transfer-Encoding: chunked\n\n", ""};
    EXPECT_TRUE(written(empty).ends_with("\r\n\r\n0\r\n\r\n"));
}

TEST_F(ResponseWriterTest, TheAnswerToHeadHasTheHeadOfTheAnswerToGet) {
    ResponseRules head;
    head.head_only = true;
    EXPECT_TRUE(written({"", 200, "", "", "body"}, head).ends_with("Content-Length: 4\r\n\r\n"));
    // As a proxy passes it on: the length is known, the body was never sent.
    EXPECT_TRUE(written({"", 200, "", "Content-Length: 17\n\n", ""}, head)
                    .ends_with("Content-Length: 17\r\n\r\n"));
    EXPECT_TRUE(written({"", 200, "", "Content-Length: x\n\n", ""}, head)
                    .ends_with("Content-Length: 0\r\n\r\n"));
    const HttpResponseView chunked{"", 200, "", "Transfer-Encoding: chunked\n\n", "body"};
    EXPECT_TRUE(written(chunked, head).ends_with("Transfer-Encoding: chunked\r\n\r\n"));
}

TEST_F(ResponseWriterTest, SomeStatusesHaveNoBody) {
    for (const std::int32_t status : {204, 304}) {
        const std::string text = written({"", status, "", "", "body"});
        EXPECT_TRUE(text.ends_with("GMT\r\n\r\n")) << text;
    }
}

TEST_F(ResponseWriterTest, TellsTheClientOfTheEnd) {
    ResponseRules last;
    last.keep_alive = false;
    EXPECT_NE(written({"", 200, "", "", ""}, last).find("\r\nConnection: close\r\n"),
              std::string::npos);
}

TEST_F(ResponseWriterTest, DoesNotWriteAStatusThatIsNone) {
    for (const std::int32_t status : {-200, 0, 99, 100, 199, 1000}) {
        std::string out = "before";
        EXPECT_FALSE(writer.append(out, {"", status, "", "", ""}, {})) << status;
        EXPECT_EQ(out, "before");
    }
}

TEST_F(ResponseWriterTest, WritesResponsesOfItsOwn) {
    ResponseRules last;
    last.keep_alive = false;
    std::string out;
    writer.append_own(out, 503, "Service Unavailable", last, "Retry-After: 1\r\n");
    EXPECT_EQ(out, "HTTP/1.1 503 Service Unavailable\r\nServer: test\r\n" + std::string(date) +
                       "Connection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(ResponseWriterTest, CompressesLargeTextsForThoseWhoTakeIt) {
    ResponseWriter compressing("", 100);
    const std::string large(5000, 'a');
    ResponseRules takes;
    takes.accepts_gzip = true;
    const auto text = [&](std::string_view headers, std::string_view body,
                          const ResponseRules& rules) {
        std::string out;
        EXPECT_TRUE(compressing.append(out, {"", 200, "", headers, body}, rules));
        return out;
    };
    const std::string compressed = text("Content-Type: text/plain\n\n", large, takes);
    EXPECT_NE(compressed.find("Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n"),
              std::string::npos);
    EXPECT_LT(compressed.size(), 500U);
    const std::string body = compressed.substr(compressed.find("\r\n\r\n") + 4);
    net::ContentDecoder decoder(net::ContentCoding::gzip, 10000);
    std::string decoded;
    ASSERT_TRUE(decoder.decode(body, decoded));
    EXPECT_EQ(decoded, large);

    EXPECT_GT(text("Content-Type: text/plain\n\n", large, {}).size(), 5000U);
    EXPECT_GT(text("Content-Type: image/png\n\n", large, takes).size(), 5000U);
    EXPECT_GT(text("", large, takes).size(), 5000U);
    EXPECT_GT(text("Content-Type: text/plain\nContent-Encoding: br\n\n", large, takes).size(),
              5000U);
    EXPECT_EQ(text("Content-Type: text/plain\n\n", "short", takes).find("gzip"), std::string::npos);
}

}  // namespace
}  // namespace patchbay::http_server
