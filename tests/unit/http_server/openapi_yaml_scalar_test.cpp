// SPDX-License-Identifier: Apache-2.0
#include "openapi/yaml_scalar.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace patchbay::openapi {
namespace {

/// As JSON text, which tells 5 from 5.0 and from "5".
std::string resolved(std::string_view text) {
    return to_json(Node(resolve_plain_scalar(text).value(), {})).dump();
}

std::string quoted(std::string_view text) {
    return nlohmann::json(text).dump();
}

TEST(OpenapiYamlScalar, WordsOfTheCoreSchema) {
    for (const char* text : {"", "~", "null", "NULL"}) {
        EXPECT_EQ(resolved(text), "null") << text;
    }
    EXPECT_EQ(resolved("true"), "true");
    EXPECT_EQ(resolved("False"), "false");
}

TEST(OpenapiYamlScalar, WordsAndDatesOfYaml11AreText) {
    for (const char* text :
         {"yes", "no", "on", "off", "Y", "2020-01-01", "12:30:45", "1_000", "tRUE"}) {
        EXPECT_EQ(resolved(text), quoted(text)) << text;
    }
}

TEST(OpenapiYamlScalar, Numbers) {
    EXPECT_EQ(resolved("42"), "42");
    EXPECT_EQ(resolved("-7"), "-7");
    EXPECT_EQ(resolved("+7"), "7");
    EXPECT_EQ(resolved("0x1F"), "31");
    EXPECT_EQ(resolved("0o17"), "15");
    EXPECT_EQ(resolved("010"), "10");
    EXPECT_EQ(resolved("1.5"), "1.5");
    EXPECT_EQ(resolved(".5e1"), "5.0");
    EXPECT_EQ(resolved("18446744073709551616"), "1.8446744073709552e+19");
}

TEST(OpenapiYamlScalar, WhatOnlyResemblesANumberIsText) {
    for (const char* text :
         {"1.2.3", "-", "+", ".", "1e", "e1", "0x", "0xZZ", "1a", "--1", "0o9"}) {
        EXPECT_EQ(resolved(text), quoted(text)) << text;
    }
}

TEST(OpenapiYamlScalar, NumbersThatJsonDoesNotHaveAreRefused) {
    for (const char* text : {".nan", ".inf", "-.Inf", "+.INF", "1e999"}) {
        EXPECT_FALSE(resolve_plain_scalar(text)) << text;
    }
}

}  // namespace
}  // namespace patchbay::openapi
