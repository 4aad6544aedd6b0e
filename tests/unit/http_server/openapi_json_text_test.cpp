// SPDX-License-Identifier: Apache-2.0
#include "openapi/json_text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::openapi {
namespace {

constexpr std::size_t depth = 8;

std::string refusal(std::string_view text) {
    const auto value = parse_json(text, depth);
    EXPECT_FALSE(value) << text;
    return value ? "" : value.error().message;
}

TEST(OpenapiJsonText, ValuesAreTheSameAsTheLibrarys) {
    for (const char* text :
         {R"({"a":[1,-2,3.5,"x\u00e9",true,null,{}],"b":{"c":[]}})", "3", "\"x\"", "null",
          "[[],[[]]]", "18446744073709551615", R"({"z":1,"a":{"z":2}})"}) {
        EXPECT_EQ(parse_json(text, depth).value(), nlohmann::json::parse(text)) << text;
    }
}

TEST(OpenapiJsonText, WhatIsNotJsonIsToldWithItsPlace) {
    EXPECT_EQ(refusal("[1,]"), "it is not JSON at byte 4");
    for (const char* text :
         {"", "{", "[1", "{\"a\"}", "tru", "1 2", "'a'", "\"\x01\"", "\"\xFF\"", "[1e999]"}) {
        EXPECT_NE(refusal(text).find("it is not JSON at byte "), std::string::npos) << text;
    }
}

TEST(OpenapiJsonText, NestingIsBounded) {
    EXPECT_TRUE(parse_json(std::string(depth, '[') + std::string(depth, ']'), depth));
    EXPECT_EQ(refusal(std::string(depth + 1, '[')), "it nests deeper than 8 levels");
    EXPECT_EQ(refusal(std::string(1'000'000, '[')), "it nests deeper than 8 levels");
    std::string objects;
    for (std::size_t i = 0; i <= depth; ++i) {
        objects += "{\"a\":";
    }
    EXPECT_EQ(refusal(objects), "it nests deeper than 8 levels");
}

TEST(OpenapiJsonText, ANameTwiceInOneObjectIsRefused) {
    EXPECT_EQ(refusal(R"({"role":"user","x":{"role":1},"role":"admin"})"),
              "it has the name `role` twice in one object");
    EXPECT_EQ(refusal("{\"a\":1,\"\\u0061\":2}"), "it has the name `a` twice in one object");
}

}  // namespace
}  // namespace patchbay::openapi
