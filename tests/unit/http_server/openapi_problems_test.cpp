// SPDX-License-Identifier: Apache-2.0
#include "openapi/problems.hpp"

#include <gtest/gtest.h>

namespace patchbay::openapi {
namespace {

TEST(OpenapiProblems, OneAloneKeepsItsCodeAndPlace) {
    Problems problems("api.yaml");
    EXPECT_TRUE(problems.empty());
    problems.add({3, 5}, "openapi.path", "the path is wrong");
    EXPECT_FALSE(problems.empty());
    EXPECT_EQ(to_string(problems.error()), "api.yaml:3:5: the path is wrong [openapi.path]");
    EXPECT_EQ(problems.error().error_class, ErrorClass::invalid);
}

TEST(OpenapiProblems, SeveralAreToldTogetherInTheOrderOfTheFile) {
    Problems problems("api.yaml");
    problems.add({7, 1}, "openapi.b", "second");
    problems.add({3, 5}, "openapi.a", "first");
    const Error error = problems.error();
    EXPECT_EQ(error.code, "openapi.invalid");
    EXPECT_EQ(error.location.line, 3U);
    EXPECT_EQ(error.message,
              "The specification has 2 problems:\n"
              "api.yaml:3:5: first [openapi.a]\n"
              "api.yaml:7:1: second [openapi.b]");
}

TEST(OpenapiProblems, TheSameAtTheSamePlaceCountsOnce) {
    Problems problems("api.yaml");
    problems.add({1, 1}, "openapi.a", "same");
    problems.add({1, 1}, "openapi.a", "same");
    EXPECT_EQ(problems.error().code, "openapi.a");
}

TEST(OpenapiProblems, OfVeryManyOnlyTheFirstAreTold) {
    Problems problems("api.yaml");
    for (std::uint32_t line = 1; line <= 5000; ++line) {
        problems.add({line, 1}, "openapi.a", "wrong");
    }
    const std::string message = problems.error().message;
    EXPECT_NE(message.find("has 5000 problems"), std::string::npos);
    EXPECT_NE(message.find("api.yaml:20:1: "), std::string::npos);
    EXPECT_EQ(message.find("api.yaml:21:1: "), std::string::npos);
    EXPECT_TRUE(message.ends_with("\n... and 4980 more"));
}

}  // namespace
}  // namespace patchbay::openapi
