// SPDX-License-Identifier: Apache-2.0
#include "config/value.hpp"

#include <gtest/gtest.h>

namespace patchbay::config {
namespace {

TEST(Value, BecomesJsonInTheOrderOfTheFile) {
    Value::Map map;
    map.push_back({"z", Value(std::int64_t{1}), {}});
    map.push_back({"a", Value(Value::List{Value(), Value(true), Value(2.5), Value("x\"\n")}), {}});
    EXPECT_EQ(to_json(Value(std::move(map))), R"({"z":1,"a":[null,true,2.5,"x\"\n"]})");
}

TEST(Value, KeepsFloatingNumbersFloating) {
    EXPECT_EQ(to_json(Value(2.0)), "2.0");
    EXPECT_EQ(to_json(Value(0.1)), "0.1");
    EXPECT_EQ(Value(std::int64_t{3}).number(), 3.0);
}

TEST(Value, ComparesContentWithoutPlacesAndOrder) {
    const SourceLocation place{"x", 1, 2};
    const auto left = parse_json(R"({"a":1,"b":[1,2]})", place);
    const auto right = parse_json(R"({"b":[1,2],"a":1})", {});
    ASSERT_TRUE(left && right);
    EXPECT_TRUE(*left == *right);
    EXPECT_FALSE(*left == *parse_json(R"({"b":[2,1],"a":1})", {}));
    EXPECT_FALSE(*left == *parse_json(R"({"b":[1,2],"c":1})", {}));
    EXPECT_FALSE(*parse_json("1", {}) == *parse_json("1.0", {}));
    EXPECT_EQ(left->find("b")->list()[0].location().line, 1U);
}

TEST(Value, FindsMembers) {
    auto value = *parse_json(R"({"a":1})", {});
    EXPECT_NE(value.find("a"), nullptr);
    EXPECT_EQ(value.find("b"), nullptr);
    EXPECT_EQ(Value("text").find("a"), nullptr);
}

TEST(ParseJson, RefusesWhatIsNotJson) {
    for (const char* text : {"", "{", "[1,]", "{'a':1}", "nope", "1 2", "[NaN]"}) {
        EXPECT_FALSE(parse_json(text, {})) << text;
    }
    EXPECT_EQ(parse_json(R"({"a":1,"a":2})", {}).error().message, "the key \"a\" occurs twice");
    EXPECT_FALSE(parse_json("18446744073709551615", {}));
    EXPECT_FALSE(parse_json(std::string(1000, '[') + std::string(1000, ']'), {}));
}

}  // namespace
}  // namespace patchbay::config
