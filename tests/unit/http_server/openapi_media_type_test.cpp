// SPDX-License-Identifier: Apache-2.0
#include "openapi/media_type.hpp"

#include <gtest/gtest.h>

namespace patchbay::openapi {
namespace {

int match(std::string_view range, std::string_view concrete) {
    return MediaType::parse(range).value().match(MediaType::parse(concrete).value());
}

TEST(OpenapiMediaType, ParametersAndCaseDoNotCount) {
    EXPECT_EQ(MediaType::parse(" Application/JSON ; charset=\"a;b\""),
              (MediaType{"application", "json"}));
    EXPECT_EQ(MediaType::parse("text/plain;"), (MediaType{"text", "plain"}));
}

TEST(OpenapiMediaType, WhatIsNoneIsRefused) {
    for (const char* text :
         {"", "json", "/json", "application/", "a b/c", "a/b/c", "a/b c", ";", "ä/b"}) {
        EXPECT_FALSE(MediaType::parse(text)) << text;
    }
}

TEST(OpenapiMediaType, TheNarrowerRangeMatchesBetter) {
    EXPECT_GT(match("image/png", "image/png"), match("image/*", "image/png"));
    EXPECT_GT(match("image/*", "image/png"), match("*/*", "image/png"));
    EXPECT_GT(match("*/*", "image/png"), 0);
    EXPECT_EQ(match("image/*", "text/plain"), 0);
    EXPECT_EQ(match("image/jpeg", "image/png"), 0);
    EXPECT_EQ(match("*/png", "image/png"), 0);
}

TEST(OpenapiMediaType, KindsOfContent) {
    const auto kind = [](std::string_view text) { return MediaType::parse(text).value().kind(); };
    EXPECT_EQ(kind("application/json"), ContentKind::json);
    EXPECT_EQ(kind("application/problem+json"), ContentKind::json);
    EXPECT_EQ(kind("text/json"), ContentKind::json);
    EXPECT_EQ(kind("application/x-www-form-urlencoded"), ContentKind::form);
    EXPECT_EQ(kind("text/csv"), ContentKind::text);
    EXPECT_EQ(kind("multipart/form-data; boundary=x"), ContentKind::other);
    EXPECT_EQ(kind("image/json"), ContentKind::other);
}

}  // namespace
}  // namespace patchbay::openapi
