// SPDX-License-Identifier: Apache-2.0
#include "openapi/path_template.hpp"

#include <gtest/gtest.h>

namespace patchbay::openapi {
namespace {

/// "a|b" for the values of the variables; "no" when the segment does not match.
std::string matched_values(std::string_view path, std::string_view segment) {
    const auto parsed = PathTemplate::parse(path);
    EXPECT_TRUE(parsed) << path;
    std::vector<std::string_view> values;
    if (!parsed->segments.front().match(segment, values)) {
        EXPECT_TRUE(values.empty());
        return "no";
    }
    std::string text;
    for (const std::string_view value : values) {
        text += (text.empty() ? "" : "|") + std::string(value);
    }
    return text;
}

TEST(OpenapiPathTemplate, HasSegmentsAndVariables) {
    const auto path = PathTemplate::parse("/pets/{id}/{name}.{extension}/").value();
    ASSERT_EQ(path.segments.size(), 4U);
    EXPECT_TRUE(path.segments[0].is_literal());
    EXPECT_TRUE(path.segments[1].is_variable());
    EXPECT_FALSE(path.segments[2].is_variable());
    EXPECT_EQ(path.segments[3].literal(), "");
    EXPECT_EQ(path.variables(), (std::vector<std::string>{"id", "name", "extension"}));
    EXPECT_EQ(path.shape(), "/pets/{}/{}.{}/");
}

TEST(OpenapiPathTemplate, LiteralsAreComparedDecoded) {
    EXPECT_EQ(PathTemplate::parse("/a%20b").value().segments[0].literal(), "a b");
}

TEST(OpenapiPathTemplate, VariablesWithinASegment) {
    EXPECT_EQ(matched_values("/{a}", "x"), "x");
    EXPECT_EQ(matched_values("/v{a}", "v12"), "12");
    EXPECT_EQ(matched_values("/{a}:go", "x:go"), "x");
    EXPECT_EQ(matched_values("/{a}.{b}", "x.tar.gz"), "x.tar|gz");
    EXPECT_EQ(matched_values("/{a}-{b}-{c}", "1-2-3-4"), "1-2|3|4");
    EXPECT_EQ(matched_values("/<{a},{b}>", "<1,2>"), "1|2");
    EXPECT_EQ(matched_values("/{a}aa{b}", "aaaa"), "a|a");
}

TEST(OpenapiPathTemplate, VariablesAreNeverEmpty) {
    EXPECT_EQ(matched_values("/{a}", ""), "no");
    EXPECT_EQ(matched_values("/v{a}", "v"), "no");
    EXPECT_EQ(matched_values("/{a}:go", ":go"), "no");
    EXPECT_EQ(matched_values("/{a}.{b}", ".b"), "no");
    EXPECT_EQ(matched_values("/{a}.{b}", "a."), "no");
    EXPECT_EQ(matched_values("/{a}.{b}", "ab"), "no");
    EXPECT_EQ(matched_values("/{a}.{b}", "."), "no");
    EXPECT_EQ(matched_values("/x{a}x", "x"), "no");
    EXPECT_EQ(matched_values("/lit", "other"), "no");
}

TEST(OpenapiPathTemplate, WhatIsWrongIsTold) {
    const auto refusal = [](std::string_view path) {
        const auto parsed = PathTemplate::parse(path);
        EXPECT_FALSE(parsed) << path;
        return parsed ? "" : parsed.error().message;
    };
    EXPECT_EQ(refusal("pets"), "the path `pets` must begin with `/`");
    EXPECT_EQ(refusal("/a?b"), "the path `/a?b` must not hold a query or a fragment");
    for (const char* path : {"/{a", "/a}", "/{a{b}}", "/{a/b}"}) {
        EXPECT_NE(refusal(path).find("has a brace without its counterpart"), std::string::npos);
    }
    EXPECT_NE(refusal("/{}").find("has a variable without a name"), std::string::npos);
    EXPECT_NE(refusal("/{a}{b}").find("with nothing between them"), std::string::npos);
    EXPECT_NE(refusal("/{a}/{a}").find("has the variable `a` twice"), std::string::npos);
    EXPECT_NE(refusal("/%zz").find("percent-encoded"), std::string::npos);
    EXPECT_NE(refusal("/a/../b").find("dots"), std::string::npos);
}

}  // namespace
}  // namespace patchbay::openapi
