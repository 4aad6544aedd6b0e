// SPDX-License-Identifier: Apache-2.0
#include "seen_report.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace patchbay::echo {
namespace {

using nlohmann::json;

TEST(SeenReport, TellsEveryPartOfTheRequestInOrder) {
    const std::string body("a\0\xff", 3);
    const protocols::HttpRequestView request{"POST", "http://h/seen?a=b", "1.1",
                                             "Host: h\r\nX: 1\r\nx: \xc3\xa9 \"q\"\r\nX: 1\r\n\r\n",
                                             body};
    EXPECT_EQ(
        seen_report(request),
        R"({"method":"POST","url":"http://h/seen?a=b","version":"1.1",)"
        R"("headers":[["Host","h"],["X","1"],["x","é \"q\""],["X","1"]],"body_length":3,)"
        R"("body_sha256":"2d28501a66adef190c7f5b220994e76d5cc30f1eb165a8ca6cab56dfd57092fe"})");
}

TEST(SeenReport, OfAnEmptyRequestHasAllKeys) {
    const json report = json::parse(seen_report({}));
    EXPECT_EQ(report.size(), 6U);
    EXPECT_EQ(report.at("headers"), json::array());
    EXPECT_EQ(report.at("body_length"), 0);
    EXPECT_EQ(report.at("body_sha256"),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace patchbay::echo
