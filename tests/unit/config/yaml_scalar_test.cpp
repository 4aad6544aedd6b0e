// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_scalar.hpp"

#include <gtest/gtest.h>

#include <string>

namespace patchbay::config {
namespace {

std::string scalar_json(std::string_view text) {
    const auto value = resolve_plain_scalar(text);
    return value ? to_json(*value) : "refused: " + value.error().message;
}

TEST(PlainScalar, IsNullInTheCoreSpellings) {
    for (const char* text : {"", "~", "null", "Null", "NULL"}) {
        EXPECT_EQ(scalar_json(text), "null") << text;
    }
    EXPECT_EQ(scalar_json("nUll"), "\"nUll\"");
}

TEST(PlainScalar, IsBooleanOnlyAsTrueAndFalse) {
    EXPECT_EQ(scalar_json("true"), "true");
    EXPECT_EQ(scalar_json("FALSE"), "false");
    for (const char* text : {"yes", "no", "on", "off", "y", "n", "Yes", "NO"}) {
        EXPECT_EQ(scalar_json(text), '"' + std::string(text) + '"');
    }
}

TEST(PlainScalar, ReadsIntegers) {
    EXPECT_EQ(scalar_json("0"), "0");
    EXPECT_EQ(scalar_json("-17"), "-17");
    EXPECT_EQ(scalar_json("+17"), "17");
    EXPECT_EQ(scalar_json("0x1F"), "31");
    EXPECT_EQ(scalar_json("9223372036854775807"), "9223372036854775807");
    EXPECT_EQ(scalar_json("-9223372036854775808"), "-9223372036854775808");
}

TEST(PlainScalar, RefusesNumbersThatReadersDisagreeAbout) {
    for (const char* text :
         {"010", "-01", "00", "0o17", "9223372036854775808", ".inf", "-.Inf", ".nan", "1e999"}) {
        EXPECT_FALSE(resolve_plain_scalar(text)) << text;
    }
}

TEST(PlainScalar, ReadsFloatingNumbers) {
    EXPECT_EQ(scalar_json("1.5"), "1.5");
    EXPECT_EQ(scalar_json("-.5"), "-0.5");
    EXPECT_EQ(scalar_json("1."), "1.0");
    EXPECT_EQ(scalar_json("1e3"), "1000.0");
    EXPECT_EQ(scalar_json("+2.5E-1"), "0.25");
}

TEST(PlainScalar, LeavesTheRestAsText) {
    for (const char* text : {"0.1.0", "1:30", "1_000", "2024-01-01", "0x", "0xzz", "-", "+", ".",
                             "e3", "1e", "author/name:0.1.0", "tRue"}) {
        EXPECT_EQ(scalar_json(text), '"' + std::string(text) + '"');
    }
}

}  // namespace
}  // namespace patchbay::config
