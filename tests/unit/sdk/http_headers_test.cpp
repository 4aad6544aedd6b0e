// SPDX-License-Identifier: Apache-2.0
#include "vectors.hpp"

#include <patchbay/protocols/http_headers.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace patchbay::protocols {
namespace {

using nlohmann::json;
using Headers = std::vector<std::pair<std::string, std::string>>;

Headers owned(const std::vector<HttpHeaderView>& views) {
    Headers headers;
    for (const HttpHeaderView& view : views) {
        headers.emplace_back(view.name, view.value);
    }
    return headers;
}

std::string text_of(const Headers& headers) {
    std::vector<HttpHeaderView> views;
    for (const auto& [name, value] : headers) {
        views.push_back({name, value});
    }
    return headers_to_text(views);
}

TEST(HttpHeadersVectors, WriteAndReadAsUpstream) {
    for (const json& vector : vectors::group("http_headers")) {
        const auto name = vector.at("name").get<std::string>();
        SCOPED_TRACE("vector " + name);
        const Headers headers = vector.at("headers").get<Headers>();
        if (vector.at("kind") == "from_text") {
            EXPECT_EQ(owned(headers_from_text(vector.at("text").get<std::string>())), headers);
            continue;
        }
        const std::string text = text_of(headers);
        EXPECT_EQ(text, vector.at("client_response").at("text").get<std::string>());
        if (name != "duplicates") {  // upstream's server loses all but one; ours keeps them
            EXPECT_EQ(text, vector.at("server_request").at("text").get<std::string>());
        }
    }
}

TEST(HttpHeaders, RepeatedNamesAllSurviveReading) {
    EXPECT_EQ(owned(headers_from_text("A: 1\nA: 2\n\n")), (Headers{{"A", "1"}, {"A", "2"}}));
}

TEST(HttpHeaders, AValueCannotSmuggleInAnotherHeader) {
    EXPECT_EQ(text_of({{"A", "1\r\nB: 2"}}), "A: 1  B: 2\n\n");
}

TEST(HttpHeaders, TheShorterEncodedWordIsTaken) {
    EXPECT_EQ(text_of({{"X", "hello world, hello \xc3\xa9"}}),
              "X: =?utf-8?q?hello_world=2C_hello_=C3=A9?=\n\n");
    EXPECT_EQ(text_of({{"X", "caf\xe9"}}), "X: =?utf-8?b?Y2Fmw6k=?=\n\n");
}

TEST(HttpHeaders, LinesThatAreNoHeaderAreLeftOut) {
    EXPECT_EQ(owned(headers_from_text(" first\nA: 1\n: nameless\n more\nB: 2\r\rC: 3\n")),
              (Headers{{"A", "1"}, {"B", "2"}}));
    EXPECT_TRUE(headers_from_text("").empty());
}

TEST(HttpHeaders, LinesMayEndInAnyWay) {
    const Headers expected{{"A", "1"}, {"B", "2\r\n 3"}, {"C", "4"}};
    EXPECT_EQ(owned(headers_from_text("A: 1\r\nB: 2\r\n 3\r\nC: 4")), expected);
    EXPECT_EQ(owned(headers_from_text("A: 1\rB: 2\r\n 3\nC: 4\r")), expected);
    EXPECT_EQ(owned(headers_from_text("A: 1\rb")), (Headers{{"A", "1"}}));
    EXPECT_EQ(owned(headers_from_text("A: 1\n\nB: 2\n")), (Headers{{"A", "1"}}));
}

TEST(HttpHeaders, AreFoundByNameWhateverTheCase) {
    const std::string text = "Host: h\nContent-Type: text/plain\ncontent-type: other\nEmpty:\n\n";
    EXPECT_EQ(find_header(text, "content-TYPE"), "text/plain");
    EXPECT_EQ(find_header(text, "Empty"), "");
    EXPECT_EQ(find_header(text, "Content"), std::nullopt);
    EXPECT_EQ(find_header("", "Host"), std::nullopt);
}

TEST(HttpHeaders, AreAppendedLineByLine) {
    std::string text = "first line\r\n";
    append_header(text, {"A", "1\n2"});
    append_header(text, {"B", ""});
    EXPECT_EQ(text, "first line\r\nA: 1 2\nB: \n");
}

}  // namespace
}  // namespace patchbay::protocols
