// SPDX-License-Identifier: Apache-2.0
#include "openapi/json_escapes.hpp"

#include <gtest/gtest.h>

namespace patchbay::openapi {
namespace {

TEST(OpenapiJsonEscapes, SurrogatesBecomeOneEscape) {
    const JoinedEscapes joined = join_surrogates(R"({"a": "\ud83d\ude00x\u00e9"})");
    EXPECT_EQ(joined.text, R"({"a": "\U0001f600x\u00e9"})");
}

TEST(OpenapiJsonEscapes, AnEscapedBackslashIsNoEscape) {
    const std::string text = R"({"a": "\\ud83d\\ude00", "b": "\\\\"})";
    EXPECT_EQ(join_surrogates(text).text, text);
}

TEST(OpenapiJsonEscapes, ALoneSurrogateStays) {
    const std::string text = R"({"a": "\ud83dx", "b": "\ude00", "c": "\ud83d\u0041", "d": "\ud8)";
    EXPECT_EQ(join_surrogates(text).text, text);
}

TEST(OpenapiJsonEscapes, YamlIsLeftAlone) {
    const std::string text = R"(pattern: '\ud83d\ude00')";
    EXPECT_EQ(join_surrogates(text).text, text);
}

TEST(OpenapiJsonEscapes, PlacesAreThoseOfTheFile) {
    const JoinedEscapes joined = join_surrogates(R"({"\ud83d\ude00\ud83d\ude00": 1})");
    EXPECT_EQ(joined.shortened_between(0, 2), 0U);
    EXPECT_EQ(joined.shortened_between(0, 12), 2U);
    EXPECT_EQ(joined.shortened_between(0, joined.text.size()), 4U);
    EXPECT_EQ(joined.shortened_between(12, joined.text.size()), 2U);
}

}  // namespace
}  // namespace patchbay::openapi
