// SPDX-License-Identifier: Apache-2.0
#include <patchbay/utf8.hpp>

#include <gtest/gtest.h>

#include <string>

namespace patchbay {
namespace {

TEST(Utf8, AcceptsTheLimitsOfEveryLength) {
    for (const std::string& text :
         {std::string(), std::string("\0", 1), std::string("\x7f"), std::string("\xc2\x80"),
          std::string("\xdf\xbf"), std::string("\xe0\xa0\x80"), std::string("\xed\x9f\xbf"),
          std::string("\xee\x80\x80"), std::string("\xef\xbf\xbf"), std::string("\xf0\x90\x80\x80"),
          std::string("\xf4\x8f\xbf\xbf")}) {
        EXPECT_TRUE(is_utf8(text));
        EXPECT_TRUE(is_utf8("twelve bytes" + text + "twelve bytes"));
    }
}

TEST(Utf8, RefusesOverlongSurrogateLargeAndCutSequences) {
    for (const char* text :
         {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xe1\x80",
          "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80",
          "\xf5\x80\x80\x80", "\xff", "\xfe", "\xc2\x41"}) {
        EXPECT_FALSE(is_utf8(text));
        EXPECT_FALSE(is_utf8(std::string("twelve bytes") + text + "twelve bytes"));
        EXPECT_FALSE(is_utf8(std::string("seven b") + text));
    }
}

TEST(Utf8, JudgesEveryPositionOfShortAndLongTexts) {
    for (std::size_t size = 1; size <= 40; ++size) {
        EXPECT_TRUE(is_utf8(std::string(size, 'a')));
        for (std::size_t position = 0; position < size; ++position) {
            std::string text(size, 'a');
            text[position] = '\xc3';
            EXPECT_FALSE(is_utf8(text)) << size << ' ' << position;
            if (position + 1 < size) {
                text[position + 1] = '\xa9';
                EXPECT_TRUE(is_utf8(text)) << size << ' ' << position;
            }
        }
    }
}

}  // namespace
}  // namespace patchbay
