// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a head says. What is refused, and with which status, is in tests/data/bad_requests.
#include "request_head.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::http_server {
namespace {

constexpr HeadLimits head_limits{1024, 10};

struct RequestHeadTest : ::testing::Test {
    HeadState read(std::string_view bytes) {
        text = bytes;
        return read_head(text, head_limits, head, refusal);
    }
    /// A GET with these header lines.
    RequestHead& with(std::string_view headers) {
        EXPECT_EQ(read("GET / HTTP/1.1\r\nHost: h\r\n" + std::string(headers) + "\r\n"),
                  HeadState::complete)
            << text << refusal.why;
        return head;
    }
    std::string url(std::string_view line, std::string_view host) {
        EXPECT_EQ(read(std::string(line) + "\r\n" + std::string(host) + "\r\n"),
                  HeadState::complete)
            << text << refusal.why;
        std::string made;
        append_url(made, "https", "own:1", head);
        return made;
    }

    std::string text;
    RequestHead head;
    Refusal refusal;
};

TEST_F(RequestHeadTest, TellsTheMembersAsTheyWereSent) {
    const std::string bytes =
        "PoSt /a?b HTTP/1.1\r\nhOST: Example:8\r\nX-A:  1 2 \t\r\nX-A:\r\nContent-Length: "
        "12\r\n\r\n";
    ASSERT_EQ(read(bytes + "the body, and"), HeadState::complete);
    EXPECT_EQ(head.method, "PoSt");
    EXPECT_EQ(head.target, "/a?b");
    EXPECT_EQ(head.host, "Example:8");
    EXPECT_EQ(head.version, 11U);
    EXPECT_EQ(head.size, bytes.size());
    EXPECT_EQ(head.content_length, 12U);
    EXPECT_TRUE(head.has_body());
    EXPECT_FALSE(head.is_head());
    const std::vector<protocols::HttpHeaderView> expected{
        {"hOST", "Example:8"}, {"X-A", "1 2"}, {"X-A", ""}, {"Content-Length", "12"}};
    EXPECT_EQ(head.headers, expected);
}

TEST_F(RequestHeadTest, IsIncompleteUntilTheLastByte) {
    const std::string bytes = "GET /a HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n";
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_EQ(read(bytes.substr(0, size)), HeadState::incomplete) << size;
    }
    EXPECT_EQ(read(bytes), HeadState::complete);
}

TEST_F(RequestHeadTest, RefusesWhatCanBecomeNoRequestAtTheFirstByte) {
    for (const char* bytes : {"\x16", " ", "\n", "(", "\x80"}) {
        EXPECT_EQ(read(bytes), HeadState::refused) << bytes;
        EXPECT_EQ(refusal.status, 400U);
    }
}

TEST_F(RequestHeadTest, ForgetsTheHeadBefore) {
    with(
        "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\nAccept-Encoding: gzip\r\n"
        "Connection: close\r\n");
    EXPECT_TRUE(head.chunked && head.expects_continue && head.accepts_gzip && !head.keep_alive);
    ASSERT_EQ(read("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), HeadState::complete);
    EXPECT_FALSE(head.chunked || head.expects_continue || head.accepts_gzip);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_EQ(head.version, 10U);
    EXPECT_EQ(head.host, "");
    EXPECT_EQ(head.headers.size(), 1U);
    EXPECT_FALSE(head.has_body());
}

TEST_F(RequestHeadTest, TheConnectionGoesOnAsTheVersionAndTheClientSay) {
    EXPECT_TRUE(with("").keep_alive);
    EXPECT_FALSE(with("Connection: Close\r\n").keep_alive);
    EXPECT_FALSE(with("Connection: keep-alive, close\r\n").keep_alive);
    ASSERT_EQ(read("GET / HTTP/1.0\r\n\r\n"), HeadState::complete);
    EXPECT_FALSE(head.keep_alive);
}

TEST_F(RequestHeadTest, TellsWhetherTheClientTakesGzip) {
    for (const char* value : {"gzip", "GZIP", "deflate, gzip", "gzip;q=0.5", "gzip ; q=1, x;q=0"}) {
        EXPECT_TRUE(with("Accept-Encoding: " + std::string(value) + "\r\n").accepts_gzip) << value;
    }
    for (const char* value : {"", "identity", "gzip;q=0", "gzip; q=0.000", "gzip ;Q=0.",
                              "deflate, gzip;q=0", "xgzip"}) {
        EXPECT_FALSE(with("Accept-Encoding: " + std::string(value) + "\r\n").accepts_gzip) << value;
    }
}

TEST_F(RequestHeadTest, TheUrlIsThatOfTheTargetAndTheHost) {
    EXPECT_EQ(url("GET /a?b=c HTTP/1.1", "Host: h:8\r\n"), "https://h:8/a?b=c");
    EXPECT_EQ(url("GET http://other/a HTTP/1.1", "Host: h\r\n"), "http://other/a");
    EXPECT_EQ(url("OPTIONS * HTTP/1.1", "Host: h\r\n"), "https://h");
    EXPECT_EQ(url("GET /a HTTP/1.1", "Host:\r\n"), "https://own:1/a");
    EXPECT_EQ(url("GET /a HTTP/1.0", ""), "https://own:1/a");
}

TEST_F(RequestHeadTest, AFewEmptyLinesMayComeFirst) {
    EXPECT_EQ(leading_line_breaks("GET"), 0U);
    EXPECT_EQ(leading_line_breaks("\r\n\r\nGET"), 4U);
    EXPECT_EQ(leading_line_breaks("\r"), 0U);
    EXPECT_EQ(leading_line_breaks("\n"), 0U);
    EXPECT_EQ(leading_line_breaks("\r\n\r\n\r\n\r\n\r\n\r\n"), 8U);
    EXPECT_EQ(read("\r"), HeadState::incomplete);
}

}  // namespace
}  // namespace patchbay::http_server
