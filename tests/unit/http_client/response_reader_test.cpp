// SPDX-License-Identifier: Apache-2.0
#include "response_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::http_client {
namespace {

using State = ResponseReader::State;

constexpr ResponseLimits limits{100'000, 4096, 32};

struct Read {
    std::string outcome;  ///< "complete", "incomplete", or the code of the failure
    std::int32_t status = 0;
    std::string reason{};
    std::string version{};
    std::string headers{};
    std::string body{};
    bool keep_alive = false;
};

Read result_of(const ResponseReader& reader, State state) {
    if (state == State::failed) {
        return {reader.error().code};
    }
    if (state == State::incomplete) {
        return {"incomplete"};
    }
    return {"complete",
            reader.status(),
            std::string(reader.reason()),
            std::string(reader.version()),
            std::string(reader.headers()),
            std::string(reader.body()),
            reader.keep_alive()};
}

/// Reads `bytes` in pieces of `step`; then the server closes, when it is to.
Read read_all(std::string_view bytes, std::size_t step = 1'000'000, bool close = false,
              const Expectation& expectation = {}) {
    ResponseReader reader(limits);
    reader.start(expectation);
    State state = State::incomplete;
    while (!bytes.empty() && state == State::incomplete) {
        const std::string piece(bytes.substr(0, step));  // gone when the next one comes
        bytes.remove_prefix(piece.size());
        state = reader.read(piece);
        if (state == State::complete) {
            Read read = result_of(reader, state);
            read.keep_alive = read.keep_alive && bytes.empty();
            return read;
        }
    }
    if (state == State::incomplete && close) {
        state = reader.end_of_stream();
    }
    return result_of(reader, state);
}

/// The same in one piece and in pieces of 1, 2, 3 and 7 bytes.
void expect_everywhere(std::string_view bytes, const Read& expected, bool close = false,
                       const Expectation& expectation = {}) {
    for (const std::size_t step : {1'000'000U, 1U, 2U, 3U, 7U}) {
        const Read read = read_all(bytes, step, close, expectation);
        EXPECT_EQ(read.outcome, expected.outcome) << step << ": " << bytes;
        if (expected.outcome == "complete") {
            EXPECT_EQ(read.status, expected.status) << step;
            EXPECT_EQ(read.reason, expected.reason) << step;
            EXPECT_EQ(read.version, expected.version) << step;
            EXPECT_EQ(read.headers, expected.headers) << step;
            EXPECT_EQ(read.body, expected.body) << step;
            EXPECT_EQ(read.keep_alive, expected.keep_alive) << step;
        }
    }
}

std::string gzip(std::string_view body) {
    std::string output;
    EXPECT_TRUE(net::ContentEncoder(net::ContentCoding::gzip).encode(body, output));
    return output;
}

TEST(ResponseReaderTest, ReadsABodyOfKnownLength) {
    expect_everywhere(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
        {"complete", 200, "OK", "HTTP/1.1", "Content-Length: 5\nX-A: b\n\n", "hello", true});
    expect_everywhere("HTTP/1.1 204 \r\n\r\n", {"complete", 204, "", "HTTP/1.1", "\n", "", true});
    expect_everywhere(
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        {"complete", 200, "OK", "HTTP/1.1", "Content-Length: 0\nConnection: close\n\n", "", false});
}

TEST(ResponseReaderTest, ReadsChunks) {
    expect_everywhere(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nTrailer: X-T\r\nX-A: b\r\n\r\n"
        "5;ext=\"a b\"\r\nhello\r\nA\r\n, world!!!\r\n0\r\nX-T: late\r\n\r\n",
        {"complete", 200, "OK", "HTTP/1.1", "X-A: b\n\n", "hello, world!!!", true});
}

TEST(ResponseReaderTest, ReadsUntilTheServerCloses) {
    expect_everywhere("HTTP/1.0 200 OK\r\n\r\nhello",
                      {"complete", 200, "OK", "HTTP/1.0", "\n", "hello", false}, true);
    expect_everywhere("HTTP/1.1 200 OK\r\n\r\n",
                      {"complete", 200, "OK", "HTTP/1.1", "\n", "", false}, true);
    expect_everywhere("HTTP/1.1 200 OK\r\n\r\nhello", {"incomplete"});
}

TEST(ResponseReaderTest, NoBodyFollowsTheAnswerToHead) {
    expect_everywhere("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n",
                      {"complete", 200, "OK", "HTTP/1.1",
                       "Content-Encoding: gzip\nContent-Length: 5\n\n", "", true},
                      false, {true, true});
    expect_everywhere(
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        {"complete", 304, "Not Modified", "HTTP/1.1", "Content-Length: 5\n\n", "", true});
}

TEST(ResponseReaderTest, SkipsInterimResponses) {
    expect_everywhere(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        {"complete", 200, "OK", "HTTP/1.1", "Content-Length: 2\n\n", "hi", true});
    std::string flood;
    for (int i = 0; i < 20; ++i) {
        flood += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    expect_everywhere(flood, {"response.malformed"});
    expect_everywhere("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
                      {"response.malformed"});
}

TEST(ResponseReaderTest, DoesNotReuseAConnectionWithSurplusBytes) {
    const Read read = read_all("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n");
    EXPECT_EQ(read.outcome, "complete");
    EXPECT_EQ(read.body, "hi");
    EXPECT_FALSE(read.keep_alive);
}

TEST(ResponseReaderTest, KeepsHeadersAsTheyCame) {
    expect_everywhere(
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie:b=2  \r\nEmpty:\r\nFolded: a\r\n  b\r\n"
        "Latin: gr\xfc\xdf\r\nContent-Length: 0\r\n\r\n",
        {"complete", 200, "OK", "HTTP/1.1",
         "Set-Cookie: a=1\nset-cookie: b=2\nEmpty: \nFolded: a b\nLatin: "
         "=?utf-8?b?Z3LDvMOf?=\n"
         "Content-Length: 0\n\n",
         "", true});
}

TEST(ResponseReaderTest, GivesAReasonThatIsUtf8) {
    expect_everywhere("HTTP/1.1 200 gr\xfcn\r\nContent-Length: 0\r\n\r\n",
                      {"complete", 200, "gr?n", "HTTP/1.1", "Content-Length: 0\n\n", "", true});
    expect_everywhere(
        "HTTP/1.1 200 gr\xc3\xbcn\r\nContent-Length: 0\r\n\r\n",
        {"complete", 200, "gr\xc3\xbcn", "HTTP/1.1", "Content-Length: 0\n\n", "", true});
}

TEST(ResponseReaderTest, DecodesAndTellsTheTruthAboutIt) {
    const std::string body(3000, 'x');
    const std::string coded = gzip(body);
    const std::string length = std::to_string(coded.size());
    expect_everywhere(
        "HTTP/1.1 200 OK\r\nContent-Length: " + length +
            "\r\nContent-Encoding: gzip\r\nA: b\r\n\r\n" + coded,
        {"complete", 200, "OK", "HTTP/1.1", "Content-Length: 3000\nA: b\n\n", body, true});
    expect_everywhere(
        "HTTP/1.1 200 OK\r\nContent-Encoding: X-GZIP\r\nA: b\r\nContent-Length: " + length +
            "\r\n\r\n" + coded,
        {"complete", 200, "OK", "HTTP/1.1", "A: b\nContent-Length: 3000\n\n", body, true});
    expect_everywhere("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + coded,
                      {"complete", 200, "OK", "HTTP/1.1", "\n", body, false}, true);
}

TEST(ResponseReaderTest, LeavesOtherCodingsAlone) {
    for (const auto* coding : {"br", "gzip, gzip", "identity"}) {
        const std::string header = std::string("Content-Encoding: ") + coding;
        expect_everywhere(
            "HTTP/1.1 200 OK\r\n" + header + "\r\nContent-Length: 3\r\n\r\nabc",
            {"complete", 200, "OK", "HTTP/1.1", header + "\nContent-Length: 3\n\n", "abc", true});
    }
    expect_everywhere("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
                      {"complete", 200, "OK", "HTTP/1.1",
                       "Content-Encoding: gzip\nContent-Length: 3\n\n", "abc", true},
                      false, {false, false});
}

TEST(ResponseReaderTest, NoticesAWrongCoding) {
    expect_everywhere("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
                      {"content_coding.malformed"});
    const std::string coded = gzip("hello");
    expect_everywhere("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n" +
                          coded.substr(0, 12),
                      {"content_coding.truncated"});
}

TEST(ResponseReaderTest, BoundsTheBody) {
    expect_everywhere("HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n", {"response.too_large"});
    expect_everywhere("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186A1\r\n",
                      {"response.too_large"});
    expect_everywhere("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
                      {"response.too_large"});
    EXPECT_EQ(read_all("HTTP/1.1 200 OK\r\n\r\n" + std::string(100'001, 'x'), 5000).outcome,
              "response.too_large");
    EXPECT_EQ(read_all("HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x'), 5000, true).outcome,
              "complete");
    const std::string bomb = gzip(std::string(50UL << 20U, '\0'));
    ASSERT_LT(bomb.size(), limits.body);
    EXPECT_EQ(read_all("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb).outcome,
              "content_coding.too_large");
}

TEST(ResponseReaderTest, BoundsTheHeader) {
    const std::string start = "HTTP/1.1 200 OK\r\n";
    expect_everywhere(start + "X: " + std::string(5000, 'x'), {"response.header_too_large"});
    std::string many = start;
    for (int i = 0; i < 100; ++i) {
        many += "X: " + std::string(100, 'x') + "\r\n";
    }
    expect_everywhere(many, {"response.header_too_large"});
    std::string few_bytes = start;
    for (int i = 0; i < 40; ++i) {
        few_bytes += "X: y\r\n";
    }
    expect_everywhere(few_bytes + "\r\n", {"response.header_too_large"});
    const std::string chunked = start + "Transfer-Encoding: chunked\r\n\r\n";
    expect_everywhere(chunked + "1;" + std::string(5000, 'x'), {"response.header_too_large"});
    std::string trailers = chunked + "0\r\n";
    for (int i = 0; i < 100; ++i) {
        trailers += "X: " + std::string(100, 'x') + "\r\n";
    }
    expect_everywhere(trailers, {"response.header_too_large"});
}

TEST(ResponseReaderTest, NoticesThatTheServerClosedEarly) {
    for (const auto* bytes :
         {"", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
          "HTTP/1.1 100 Continue\r\n\r\n"}) {
        expect_everywhere(bytes, {"response.closed_early"}, true);
    }
}

TEST(ResponseReaderTest, RefusesWhatCouldBeReadInTwoWays) {
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    for (const std::string& bytes : std::vector<std::string>{
             // Where does the body end?
             ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
             ok + "Content-Length: 5, 6\r\n\r\nhello!",
             ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\nhello",
             ok + "Transfer-Encoding: identity\r\n\r\nhello",
             ok + "Transfer-Encoding:\r\n\r\nhello",
             "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             ok + "Content-Length: -5\r\n\r\nhello",
             ok + "Content-Length: +5\r\n\r\nhello",
             ok + "Content-Length: 0x5\r\n\r\nhello",
             ok + "Content-Length: 5 5\r\n\r\nhello",
             ok + "Content-Length: \r\n\r\nhello",
             ok + "Content-Length: 99999999999999999999999\r\n\r\nhello",
             // How large is the chunk?
             ok + "Transfer-Encoding: chunked\r\n\r\ng\r\n",
             ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
             ok + "Transfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: chunked\r\n\r\n 1\r\nx\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: chunked\r\n\r\n\r\nx\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\nx",
             ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
             ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nx0\r\n\r\n",
             ok + "Transfer-Encoding: chunked\r\n\r\n1 x\r\nx\r\n0\r\n\r\n",
             // Where does the line end, and what is it?
             ok + "A: b\rC: d\r\n\r\n",
             ok + "A: b\nC: d\r\n\r\n",
             ok + std::string("A: b\0c\r\n\r\n", 10),
             ok + "A : b\r\n\r\n",
             ok + ": b\r\n\r\n",
             ok + "A b\r\n\r\n",
             ok + " A: b\r\n\r\n",
             ok + "A\x01: b\r\n\r\n",
             ok + "A: \x7f\r\n\r\n",
             "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
             "HTTP/1.1 200 OK\n\n",
             std::string("HTTP/1.1 200 O\0K\r\n\r\n", 20),
             "HTTP/1.1 2000 OK\r\n\r\n",
             "HTTP/1.1 20 OK\r\n\r\n",
             "HTTP/1.1 -20 OK\r\n\r\n",
             "HTTP/1.1 099 OK\r\n\r\n",
             "HTTP/2.0 200 OK\r\n\r\n",
             "HTTP/1.2 200 OK\r\n\r\n",
             "HTTP/0.9 200 OK\r\n\r\n",
             "http/1.1 200 OK\r\n\r\n",
             "ICY 200 OK\r\n\r\n",
             "<html>hello there, this is HTTP/0.9</html>",
             std::string(100, '\0'),
         }) {
        EXPECT_EQ(read_all(bytes).outcome, "response.malformed") << bytes;
        // Half a header is looked at only when its end has come.
        for (const std::size_t step : {1U, 5U, 20U}) {
            const std::string outcome = read_all(bytes, step, true).outcome;
            EXPECT_TRUE(outcome == "response.malformed" || outcome == "response.closed_early")
                << step << ": " << bytes << ' ' << outcome;
        }
    }
}

TEST(ResponseReaderTest, TakesTheSameLengthTwice) {
    expect_everywhere("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
                      {"complete", 200, "OK", "HTTP/1.1", "Content-Length: 5\n\n", "hello", true});
}

TEST(ResponseReaderTest, ReadsOneResponseAfterTheOther) {
    ResponseReader reader(limits);
    for (int i = 0; i < 3; ++i) {
        reader.start({});
        EXPECT_FALSE(reader.has_begun());
        EXPECT_EQ(reader.read("HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Le"),
                  State::incomplete);
        EXPECT_TRUE(reader.has_begun());
        ASSERT_EQ(reader.read("ngth: 1\r\n\r\nx"), State::complete);
        EXPECT_EQ(reader.location(), "/a");
        EXPECT_EQ(reader.headers(), "Location: /a\nContent-Length: 1\n\n");
        reader.start({});
        ASSERT_EQ(reader.read("nonsense\r\n"), State::failed);
        reader.start({});
        ASSERT_EQ(reader.read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n1"),
                  State::incomplete);
    }
}

TEST(ResponseReaderTest, SurvivesEveryChangeOfOneByte) {
    const std::string good =
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n"
        "5\r\nhello\r\n0\r\nT: t\r\n\r\n";
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (int byte = 0; byte < 256; ++byte) {
            std::string bytes = good;
            bytes[at] = static_cast<char>(byte);
            for (const std::size_t step : {1'000'000U, 9U}) {
                EXPECT_NE(read_all(bytes, step, true).outcome, "incomplete");
            }
        }
    }
}

}  // namespace
}  // namespace patchbay::http_client
