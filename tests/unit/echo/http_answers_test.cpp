// SPDX-License-Identifier: Apache-2.0
#include "http_answers.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace patchbay::echo {
namespace {

protocols::HttpRequestView request_for(std::string_view url) {
    return {"POST", url, "1.0", "Host: h\nCONTENT-type: text/plain\nX: y\n\n", "body"};
}

TEST(HttpAnswers, AnyOtherPathGivesBodyAndContentTypeBack) {
    HttpAnswers answers;
    for (const char* url : {"http://h/", "http://h", "http://h/hello?x#y", "http://h/seen/",
                            "http://h/Status/404", "*", ""}) {
        const auto answer = answers.answer_to(request_for(url));
        ASSERT_TRUE(answer) << url;
        EXPECT_EQ(answer->version, "1.0");
        EXPECT_EQ(answer->status_code, 200);
        EXPECT_EQ(answer->status_text, "OK");
        EXPECT_EQ(answer->headers, "Content-Type: text/plain\n\n");
        EXPECT_EQ(answer->body, "body");
    }
}

TEST(HttpAnswers, WithoutAContentTypeNoneIsMadeUp) {
    HttpAnswers answers;
    protocols::HttpRequestView request = request_for("http://h/");
    ASSERT_TRUE(answers.answer_to(request));
    request.headers = "Host: h\n\n";
    EXPECT_EQ(answers.answer_to(request)->headers, "\n");
}

TEST(HttpAnswers, StatusPathsGiveThatStatusAndNoBody) {
    HttpAnswers answers;
    const auto answer = answers.answer_to(request_for("http://h/status/404?x"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->version, "1.0");
    EXPECT_EQ(answer->status_code, 404);
    EXPECT_EQ(answer->status_text, "Status 404");
    EXPECT_EQ(answer->headers, "\n");
    EXPECT_EQ(answer->body, "");
    EXPECT_EQ(answers.answer_to(request_for("http://h/status/200"))->status_text, "Status 200");
    EXPECT_EQ(answers.answer_to(request_for("http://h/status/599"))->status_code, 599);
}

TEST(HttpAnswers, WhatIsNoStatusOfAnAnswerIsAnyOtherPath) {
    HttpAnswers answers;
    for (const char* path : {"100", "199", "600", "999", "20", "2000", "2x0", "", "-20"}) {
        const std::string url = std::string("http://h/status/") + path;
        EXPECT_EQ(answers.answer_to(request_for(url))->body, "body") << url;
    }
}

TEST(HttpAnswers, SilentGetsNone) {
    HttpAnswers answers;
    EXPECT_FALSE(answers.answer_to(request_for("http://h/silent")));
    EXPECT_FALSE(answers.answer_to(request_for("http://h/silent?really")));
}

TEST(HttpAnswers, ReplyIsAlwaysTheSame) {
    HttpAnswers answers;
    const auto answer = answers.answer_to(request_for("http://h/reply"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status_code, 200);
    EXPECT_EQ(answer->headers, "X-One: 1\nX-Two: a b\nContent-Type: text/x-probe\n\n");
    EXPECT_EQ(answer->body, "hi");
}

TEST(HttpAnswers, SeenTellsWhatArrived) {
    HttpAnswers answers;
    const auto answer = answers.answer_to(request_for("http://h/seen"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->headers, "Content-Type: application/json\n\n");
    EXPECT_EQ(nlohmann::json::parse(answer->body).at("body_length"), 4);
}

}  // namespace
}  // namespace patchbay::echo
