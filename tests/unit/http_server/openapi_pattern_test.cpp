// SPDX-License-Identifier: Apache-2.0
#include "openapi/pattern.hpp"

#include <gtest/gtest.h>

namespace patchbay::openapi {
namespace {

bool is_found(std::string_view expression, std::string_view text, std::uint64_t steps = 100'000) {
    const auto pattern = Pattern::compile(expression);
    EXPECT_TRUE(pattern) << to_string(pattern.error());
    Effort effort(steps);
    return pattern && pattern->is_found_in(text, effort);
}

TEST(OpenapiPattern, IsSearchedForAndNotAnchored) {
    EXPECT_TRUE(is_found("b", "abc"));
    EXPECT_FALSE(is_found("^b", "abc"));
    EXPECT_TRUE(is_found("^$", ""));
}

TEST(OpenapiPattern, SpeaksEcmaScript) {
    EXPECT_TRUE(is_found("^(?=.*[A-Z])(?!x).{3}$", "aBc"));
    EXPECT_TRUE(is_found("^\\u00e9\\u{1F600}\\x41$", "é😀A"));
    EXPECT_TRUE(is_found("^(?<first>a)\\k<first>$", "aa"));
    EXPECT_TRUE(is_found("^\\p{L}+$", "äß"));
    EXPECT_TRUE(is_found("^\\/\\-$", "/-"));
    EXPECT_TRUE(is_found("a{,3}", "a{,3}"));
    EXPECT_TRUE(is_found("^.{1,4096}$", std::string(4000, 'x')));
    EXPECT_FALSE(is_found("a$", "a\n")) << "the end of the text, not that of a line";
    EXPECT_FALSE(is_found("^.$", "\r")) << "a dot is no line break";
    EXPECT_TRUE(is_found("^.$", "ä")) << "characters, not bytes";
    EXPECT_FALSE(is_found("^\\d$", "٣")) << "ASCII digits";
    EXPECT_TRUE(is_found("[^]", "\n"));
}

TEST(OpenapiPattern, TakesWhatOnlyLenientReadersTake) {
    EXPECT_TRUE(is_found("^[\\w-.]+$", "a-b.c"));
    EXPECT_TRUE(is_found("^[\\w-]+$", "a-b"));
    EXPECT_TRUE(is_found("^\\_\\i$", "_i"));
    EXPECT_TRUE(is_found("^[[:]+$", "[:"));
}

TEST(OpenapiPattern, IsTranslatedOnlyWhereItMust) {
    for (const char* same :
         {"", "\\\\", "[a-z]", "[\\w]-x", "\\p{L}-", "[^\\d]", "\\", "[\\p{L}x]"}) {
        EXPECT_EQ(to_pcre2(same), same);
    }
    EXPECT_EQ(to_pcre2("[\\d-x]"), "[\\d\\-x]");
    EXPECT_EQ(to_pcre2("[\\p{L}-x]"), "[\\p{L}\\-x]");
    EXPECT_EQ(to_pcre2("\\y[\\k]"), "y[k]");
}

TEST(OpenapiPattern, WhatIsNoExpressionIsToldWithTheReason) {
    for (const char* text : {"(", "[a", "a**", "\\", "(?<x", "[b-a]", "*"}) {
        const auto pattern = Pattern::compile(text);
        ASSERT_FALSE(pattern) << text;
        EXPECT_EQ(pattern.error().code, "openapi.pattern");
        EXPECT_NE(pattern.error().message.find("is not a regular expression: "), std::string::npos);
        EXPECT_NE(pattern.error().message.find(" at character "), std::string::npos);
    }
}

TEST(OpenapiPattern, ExponentialMatchesStopWhenTheEffortIsSpent) {
    for (const char* expression : {"(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^(?=(a+)+$)"}) {
        EXPECT_THROW(static_cast<void>(is_found(expression, std::string(40, 'a') + 'b')),
                     EffortExceeded)
            << expression;
    }
}

TEST(OpenapiPattern, LongTextsOverflowNoStack) {
    const std::string text(100'000, 'a');
    EXPECT_TRUE(is_found("^(?:a|b)*$", text, 100'000'000));
    EXPECT_TRUE(is_found("^(a|b)*?$", text, 100'000'000));
    EXPECT_THROW(static_cast<void>(is_found("^(?:a|b)*$", text, 1000)), EffortExceeded);
    const std::string file(1'000'000, 'A');
    EXPECT_TRUE(is_found("^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$", file,
                         100'000'000))
        << "a file of the largest default body in base64";
}

TEST(OpenapiPattern, TheEffortIsThatOfTheMatch) {
    const auto pattern = Pattern::compile("^[a-z]+$").value();
    Effort effort(1000);
    EXPECT_TRUE(pattern.is_found_in("hello", effort));
    EXPECT_LT(effort.left(), 1000U);
    EXPECT_GT(effort.left(), 900U);
}

}  // namespace
}  // namespace patchbay::openapi
