// SPDX-License-Identifier: Apache-2.0
#include "openapi/percent_coding.hpp"

#include <gtest/gtest.h>

namespace patchbay::openapi {
namespace {

TEST(OpenapiPercentCoding, Decodes) {
    EXPECT_EQ(percent_decoded("a%20b%2Fc%2f"), "a b/c/");
    EXPECT_EQ(percent_decoded("%C3%A4"), "ä");
    EXPECT_EQ(percent_decoded(""), "");
}

TEST(OpenapiPercentCoding, PlusIsASpaceInForms) {
    EXPECT_EQ(percent_decoded("a+b"), "a+b");
    EXPECT_EQ(percent_decoded("a+b%2B", Plus::is_space), "a b+");
}

TEST(OpenapiPercentCoding, WhatIsNotEncodedRightIsRefused) {
    for (const char* text : {"%", "%2", "a%2", "%zz", "%-1", "%FF", "%C3", "\xFF"}) {
        EXPECT_FALSE(percent_decoded(text)) << text;
    }
}

TEST(OpenapiPercentCoding, PlainTextNeedsNoDecoding) {
    EXPECT_TRUE(is_plain("/pets/7"));
    EXPECT_FALSE(is_plain("a%20b"));
    EXPECT_FALSE(is_plain("a+b"));
    EXPECT_FALSE(is_plain("ä"));
}

TEST(OpenapiPercentCoding, OnlyUnreservedCharactersAreDecodedWhereBothSpellingsAreEqual) {
    EXPECT_EQ(with_unreserved_decoded("%41%2e%7E%2F%2C%"), "A.~%2F%2C%");
    EXPECT_EQ(with_unreserved_decoded("%252E"), "%252E");
}

}  // namespace
}  // namespace patchbay::openapi
