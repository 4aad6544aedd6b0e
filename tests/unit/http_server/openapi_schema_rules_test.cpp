// SPDX-License-Identifier: Apache-2.0
#include "openapi/schema_rules.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::openapi {
namespace {

using nlohmann::json;

bool is_unique(const char* text, std::uint64_t steps = 100'000) {
    Effort effort(steps);
    return has_unique_items(json::parse(text), effort);
}

TEST(OpenapiSchemaRules, ItemsAreComparedByContent) {
    EXPECT_TRUE(is_unique("[]"));
    EXPECT_TRUE(is_unique(R"([1, "1", true, null, [1], {"a": 1}, false, [], {}, "", 0])"));
    EXPECT_FALSE(is_unique(R"([{"a": 1, "b": [2]}, 3, {"b": [2], "a": 1}])"));
    EXPECT_FALSE(is_unique("[1, 2, 1.0]"));
    EXPECT_FALSE(is_unique("[-0.0, 0]"));
    EXPECT_TRUE(is_unique("[9007199254740993, 9007199254740992.0]"));
    EXPECT_TRUE(is_unique("[-1, 18446744073709551615]"));
    EXPECT_TRUE(is_unique(R"([{"a": 1}, {"b": 1}, {"a": 2}])"));
}

TEST(OpenapiSchemaRules, SignedAndUnsignedIntegersAreNumbersAlike) {
    Effort effort(1000);
    EXPECT_FALSE(has_unique_items(json::array({std::int64_t{5}, std::uint64_t{5}}), effort));
    EXPECT_TRUE(has_unique_items(json::array({std::int64_t{-1}, UINT64_MAX}), effort));
}

TEST(OpenapiSchemaRules, ManyItemsTakeNoSquareOfSteps) {
    json many = json::array();
    for (int i = 0; i < 100'000; ++i) {
        many.push_back((i * 7919) % 1'000'003);
    }
    Effort effort(5'000'000);
    EXPECT_TRUE(has_unique_items(many, effort));
    Effort little(1000);
    EXPECT_THROW(static_cast<void>(has_unique_items(many, little)), EffortExceeded);
}

TEST(OpenapiSchemaRules, LengthsAreInCharacters) {
    EXPECT_EQ(length_of(""), 0U);
    EXPECT_EQ(length_of("aä😀"), 3U);
    EXPECT_EQ(length_of(std::string_view("a\0b", 3)), 3U);
}

TEST(OpenapiSchemaRules, MultiplesOfBinaryFractions) {
    EXPECT_TRUE(is_multiple_of(0.3, 0.1));
    EXPECT_TRUE(is_multiple_of(19.99, 0.01));
    EXPECT_TRUE(is_multiple_of(-4.5, 1.5));
    EXPECT_TRUE(is_multiple_of(0, 3));
    EXPECT_TRUE(is_multiple_of(1e20, 10));
    EXPECT_FALSE(is_multiple_of(2.5, 2));
    EXPECT_FALSE(is_multiple_of(0.35, 0.1));
    EXPECT_FALSE(is_multiple_of(7, 2));
    EXPECT_FALSE(is_multiple_of(1e308, 1e-10)) << "a quotient beyond all numbers";
}

}  // namespace
}  // namespace patchbay::openapi
