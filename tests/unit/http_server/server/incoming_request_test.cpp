// SPDX-License-Identifier: Apache-2.0
#include "incoming_request.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay::http_server {
namespace {

using State = IncomingRequest::State;

constexpr HeadLimits limits{1024, 10};
const std::string chunked_head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string plain_head(std::size_t length) {
    return "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

/// Feeds bytes in pieces, as a session does: what was not consumed comes again, with more.
State feed(IncomingRequest& request, std::string_view bytes, std::size_t step,
           std::string* rest = nullptr) {
    std::string waiting;
    for (std::size_t i = 0; i < bytes.size(); i += step) {
        waiting += bytes.substr(i, step);
        const IncomingRequest::Fed fed = request.feed(waiting);
        EXPECT_LE(fed.consumed, waiting.size());
        waiting.erase(0, fed.consumed);
        if (fed.state != State::incomplete) {
            if (rest != nullptr) {
                *rest = waiting + std::string(bytes.substr(std::min(i + step, bytes.size())));
            }
            return fed.state;
        }
    }
    return State::incomplete;
}

TEST(IncomingRequest, KeepsTheHeadAfterItsBytesHaveGone) {
    auto bytes = std::make_unique<std::string>(plain_head(3));
    IncomingRequest request(*bytes, limits, 1000);
    bytes.reset();
    EXPECT_EQ(request.head().method, "POST");
    EXPECT_EQ(request.head().target, "/p");
    EXPECT_EQ(request.head().headers.at(1).value, "3");
}

TEST(IncomingRequest, TakesABodyOfTheAnnouncedLengthAndNoMore) {
    for (std::size_t step = 1; step < 20; ++step) {
        IncomingRequest request(plain_head(11), limits, 1000);
        std::string rest;
        EXPECT_EQ(feed(request, "hello world and more", step, &rest), State::complete);
        EXPECT_EQ(request.body(), "hello world");
        EXPECT_EQ(rest, " and more");
    }
}

TEST(IncomingRequest, TakesChunksHoweverTheyAreSplit) {
    const std::string body =
        "5\r\nhello\r\n1;a=b;c=\"d;e\"\r\n \r\n00005\r\nworld\r\n0;f\r\nX: y\r\nZ:\r\n\r\n";
    for (std::size_t step = 1; step <= body.size() + 4; ++step) {
        IncomingRequest request(chunked_head, limits, 1000);
        std::string rest;
        EXPECT_EQ(feed(request, body + "more", step, &rest), State::complete) << step;
        EXPECT_EQ(request.body(), "hello world");
        EXPECT_EQ(rest, "more");
    }
}

TEST(IncomingRequest, IsIncompleteWithoutTheLastByte) {
    const std::string body = "1\r\na\r\n0\r\n\r";
    for (std::size_t step = 1; step <= body.size(); ++step) {
        IncomingRequest request(chunked_head, limits, 1000);
        EXPECT_EQ(feed(request, body, step), State::incomplete);
    }
}

TEST(IncomingRequest, RefusesAChunkThatWouldReachTheLimitBeforeItCame) {
    IncomingRequest request(chunked_head, limits, 10);
    EXPECT_EQ(feed(request, "5\r\nhello\r\n4\r\nfour\r\n1\r\n", 3), State::refused);
    EXPECT_EQ(request.refusal().status, 413U);
    EXPECT_EQ(request.body(), "hellofour");
}

TEST(IncomingRequest, MutatedChunksDoNoHarm) {
    const std::string body = "5;a=\"b\"\r\nhello\r\n0\r\nX: y\r\n\r\n";
    for (std::size_t at = 0; at < body.size(); ++at) {
        for (unsigned byte = 0; byte < 256; ++byte) {
            std::string mutated = body;
            mutated[at] = static_cast<char>(byte);
            IncomingRequest whole(chunked_head, limits, 100);
            IncomingRequest pieces(chunked_head, limits, 100);
            const State state = feed(whole, mutated, mutated.size());
            EXPECT_EQ(feed(pieces, mutated, 1), state) << at << ' ' << byte;
            EXPECT_LT(whole.body().size(), 100U);
            EXPECT_EQ(whole.body(), pieces.body());
        }
    }
}

}  // namespace
}  // namespace patchbay::http_server
