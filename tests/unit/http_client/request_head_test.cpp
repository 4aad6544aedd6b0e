// SPDX-License-Identifier: Apache-2.0
#include "request_head.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace patchbay::http_client {
namespace {

constexpr RequestDefaults none{"", false};

std::string head_of(const Request& request, const Destination& destination = {"/", "h"},
                    const RequestDefaults& defaults = none) {
    std::string output;
    const auto written = append_request_head(output, request, destination, defaults);
    EXPECT_EQ(written.has_value(), !output.empty());
    return written ? output : written.error().code;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

TEST(RequestHeadTest, WritesARequest) {
    EXPECT_EQ(head_of({"post", "X-One: 1\nX-Two: a b\n\n", "body"}, {"/p?q=1", "h:81"}),
              "POST /p?q=1 HTTP/1.1\r\nHost: h:81\r\nX-One: 1\r\nX-Two: a b\r\nAccept: */*\r\n"
              "Content-Type: application/octet-stream\r\nContent-Length: 4\r\n\r\n");
}

TEST(RequestHeadTest, AddsDefaultsOnlyWhereNothingIsSaid) {
    const RequestDefaults defaults{"agent/1", true};
    EXPECT_EQ(head_of({"GET", "", ""}, {"/", "h"}, defaults),
              "GET / HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
              "User-Agent: agent/1\r\n\r\n");
    EXPECT_EQ(
        head_of(
            {"GET", "accept: a/b\naccept-encoding: br\nUser-agent: me\ncontent-type: c\n\n", "x"},
            {"/", "h"}, defaults),
        "GET / HTTP/1.1\r\nHost: h\r\naccept: a/b\r\naccept-encoding: br\r\nUser-agent: me\r\n"
        "content-type: c\r\nContent-Length: 1\r\n\r\n");
}

TEST(RequestHeadTest, SaysThatABodyIsEmptyWhereOneIsExpected) {
    EXPECT_TRUE(contains(head_of({"POST", "", ""}), "Content-Length: 0\r\n"));
    EXPECT_TRUE(contains(head_of({"put", "", ""}), "Content-Length: 0\r\n"));
    EXPECT_FALSE(contains(head_of({"GET", "", ""}), "Content-Length"));
    EXPECT_FALSE(contains(head_of({"DELETE", "", ""}), "Content-Length"));
}

TEST(RequestHeadTest, KeepsRepeatedHeaders) {
    EXPECT_TRUE(contains(head_of({"GET", "A: 1\nB: 2\nA: 3\n\n", ""}), "A: 1\r\nB: 2\r\nA: 3\r\n"));
}

TEST(RequestHeadTest, LeavesOutWhatBelongsToTheConnection) {
    const std::string head = head_of(
        {"POST",
         "Host: evil\nContent-Length: 999\nTransfer-Encoding: chunked\nConnection: close, X-Hop\n"
         "Keep-Alive: 1\nTE: trailers\nTrailer: X\nUpgrade: h2c\nExpect: 100-continue\n"
         "Proxy-Authorization: secret\nProxy-Connection: close\nX-HOP: gone\nX-Stays: 1\n\n",
         "ab"});
    EXPECT_EQ(head,
              "POST / HTTP/1.1\r\nHost: h\r\nX-Stays: 1\r\nAccept: */*\r\n"
              "Content-Type: application/octet-stream\r\nContent-Length: 2\r\n\r\n");
}

TEST(RequestHeadTest, CannotBeMadeTwoRequests) {
    for (const auto& method :
         {std::string("GET / HTTP/1.1\r\nX: y\r\n\r\nGET"), std::string("GE\nT"),
          std::string("G T"), std::string("G\0T", 3), std::string(""), std::string("GET:"),
          std::string("G\xc3\xa9T"), std::string("connect")}) {
        EXPECT_EQ(head_of({method, "", ""}), "request.method") << method;
    }
    for (const auto& headers :
         {std::string("X: a\n b\n\n"), std::string("X: a\r b\n\n"), std::string("X: a\0b\n\n", 8),
          std::string("X{}: a\n\n"), std::string("X: \x01\n\n"), std::string("X: \x7f\n\n"),
          std::string("X: a\r\n\tb\n\n")}) {
        const std::string head = head_of({"GET", headers, ""});
        EXPECT_EQ(head, "request.header") << headers;
    }
    // What Python's email package does not take for a header ends them.
    EXPECT_FALSE(contains(head_of({"GET", "X: a\n\nY: b\n", ""}), "Y: b"));
}

TEST(RequestHeadTest, PassesTextThatIsNotAscii) {
    EXPECT_TRUE(
        contains(head_of({"GET", "X: gr\xc3\xbc\xc3\x9f\n\n", ""}), "X: gr\xc3\xbc\xc3\x9f\r\n"));
    EXPECT_TRUE(contains(head_of({"GET", "X:\ta\tb\n\n", ""}), "X: a\tb\r\n"));
}

TEST(RequestHeadTest, TakesItsAuthorizationFromTheUrlOnlyWhenItHasNone) {
    Destination destination{"/", "h"};
    destination.authorization = "Basic url";
    EXPECT_TRUE(contains(head_of({"GET", "", ""}, destination), "Authorization: Basic url\r\n"));
    const std::string own = head_of({"GET", "authorization: Bearer own\n\n", ""}, destination);
    EXPECT_TRUE(contains(own, "authorization: Bearer own\r\n"));
    EXPECT_FALSE(contains(own, "Basic url"));
}

TEST(RequestHeadTest, LeavesCredentialsBehindWithTheirOrigin) {
    Request request{"GET", "Authorization: a\nCookie: b\nX-Stays: c\n\n", ""};
    request.has_left_origin = true;
    const std::string head = head_of(request);
    EXPECT_FALSE(contains(head, "Authorization"));
    EXPECT_FALSE(contains(head, "Cookie"));
    EXPECT_TRUE(contains(head, "X-Stays"));
}

TEST(RequestHeadTest, LeavesOutWhatDescribesALostBody) {
    Request request{
        "GET", "Content-Type: a\nContent-Encoding: b\nContent-Language: c\nX-Stays: d\n\n", ""};
    request.has_lost_body = true;
    EXPECT_EQ(head_of(request), "GET / HTTP/1.1\r\nHost: h\r\nX-Stays: d\r\nAccept: */*\r\n\r\n");
}

TEST(RequestHeadTest, WritesForAProxy) {
    Destination destination{"/x", "h:81"};
    destination.absolute = "http://h:81";
    destination.proxy_authorization = "Basic p";
    EXPECT_EQ(head_of({"GET", "", ""}, destination),
              "GET http://h:81/x HTTP/1.1\r\nHost: h:81\r\nProxy-Authorization: Basic p\r\n"
              "Accept: */*\r\n\r\n");
    std::string connect;
    append_connect_head(connect, "h:443", "agent", "Basic p");
    EXPECT_EQ(connect,
              "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\nProxy-Authorization: Basic p\r\n"
              "User-Agent: agent\r\n\r\n");
}

TEST(RequestHeadTest, KnowsWhatMayBeSentTwice) {
    for (const auto* method : {"GET", "get", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"}) {
        EXPECT_TRUE(is_idempotent(method)) << method;
    }
    for (const auto* method : {"POST", "PATCH", "CONNECT", "", "GETX"}) {
        EXPECT_FALSE(is_idempotent(method)) << method;
    }
    EXPECT_TRUE(is_head("head"));
    EXPECT_FALSE(is_head("GET"));
}

}  // namespace
}  // namespace patchbay::http_client
