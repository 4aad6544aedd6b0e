// SPDX-License-Identifier: Apache-2.0
#include "openapi/name_value_pairs.hpp"

#include <gtest/gtest.h>

namespace patchbay::openapi {
namespace {

std::string text_of(const Pairs& pairs) {
    std::string text;
    for (const NameValuePair& pair : pairs) {
        text += '<' + pair.name + '|' + std::string(pair.value) + '>';
    }
    return text;
}

std::string query(std::string_view text) {
    Pairs pairs;
    EXPECT_TRUE(split_query(text, 10, pairs));
    return text_of(pairs);
}

std::string cookies(std::string_view text) {
    Pairs pairs;
    EXPECT_TRUE(split_cookies(text, 10, pairs));
    return text_of(pairs);
}

TEST(OpenapiNameValuePairs, NamesOfAQueryAreDecodedAndValuesAreNot) {
    EXPECT_EQ(query("a=1&b%5Bc%5D=x%20y&d+e=f=g"), "<a|1><b[c]|x%20y><d e|f=g>");
    EXPECT_EQ(query("flag&empty=&&=x"), "<flag|><empty|><|x>");
    EXPECT_EQ(query(""), "");
}

TEST(OpenapiNameValuePairs, AQueryIsBoundedAndItsNamesAreText) {
    Pairs pairs;
    EXPECT_TRUE(split_query("a&b&c", 3, pairs));
    pairs.clear();
    EXPECT_FALSE(split_query("a&b&c&d", 3, pairs));
    pairs.clear();
    EXPECT_FALSE(split_query("%zz=1", 3, pairs));
    pairs.clear();
    EXPECT_FALSE(split_query("%FF=1", 3, pairs));
}

TEST(OpenapiNameValuePairs, Cookies) {
    EXPECT_EQ(cookies("a=1; b=\"x y\" ;c=d=e;; flag"), "<a|1><b|x y><c|d=e><flag|>");
    EXPECT_EQ(cookies("  "), "");
}

TEST(OpenapiNameValuePairs, CookiesAreBounded) {
    Pairs pairs;
    EXPECT_TRUE(split_cookies("a=1", 2, pairs));
    EXPECT_TRUE(split_cookies("b=1", 2, pairs));
    EXPECT_FALSE(split_cookies("c=1", 2, pairs));
    EXPECT_FALSE(split_cookies("\xFF=1", 10, pairs));
}

}  // namespace
}  // namespace patchbay::openapi
