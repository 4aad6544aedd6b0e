// SPDX-License-Identifier: Apache-2.0
#include "frames/json_text.hpp"

#include <gtest/gtest.h>

namespace patchbay::agent_gateway {

namespace {

TEST(JsonText, IsAsciiOnly) {
    EXPECT_EQ(json_string("plain"), "\"plain\"");
    EXPECT_EQ(json_string("a\"b\\c\n\r\t"), "\"a\\\"b\\\\c\\n\\r\\t\"");
    EXPECT_EQ(json_string(std::string("\0\x1F\x7F", 3)), "\"\\u0000\\u001f\\u007f\"");
    EXPECT_EQ(json_string("\xC3\xA9\xE6\xBC\xA2\xF0\x9F\x98\x80"),
              "\"\\u00e9\\u6f22\\ud83d\\ude00\"");
}

TEST(JsonText, EscapesAtEveryPlaceOfALongText) {
    for (int byte = 0; byte < 0x80; ++byte) {
        const char c = static_cast<char>(byte);
        const std::string alone = json_string(std::string(1, c));
        for (std::size_t at = 0; at < 20; ++at) {
            std::string text(20, '~');
            text[at] = c;
            const std::string expected = "\"" + std::string(at, '~') +
                                         alone.substr(1, alone.size() - 2) +
                                         std::string(19 - at, '~') + "\"";
            ASSERT_EQ(json_string(text), expected) << byte << " at " << at;
        }
    }
}

TEST(JsonText, JoinsMembers) {
    std::string out = "{";
    append_member(out, "a", std::string_view("x"));
    append_member(out, "b", true);
    append_member(out, "c", std::int64_t{-5});
    append_raw_member(out, "d", "[1]");
    EXPECT_EQ(out + "}", "{\"a\": \"x\", \"b\": true, \"c\": -5, \"d\": [1]}");
}

TEST(Base64, GoesBothWays) {
    for (const std::string& bytes :
         {std::string(), std::string("f"), std::string("fo"), std::string("foo"),
          std::string("\0\xFF\x80", 3), std::string(1000, '\0')}) {
        std::string back;
        ASSERT_TRUE(from_base64(to_base64(bytes), back));
        EXPECT_EQ(back, bytes);
    }
    EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
}

TEST(Base64, RefusesWhatIsNot) {
    std::string back;
    for (const char* text : {"a", "ab=", "a===", "ab\n=", "a-b_", "====", "ab=c", "=abc"}) {
        EXPECT_FALSE(from_base64(text, back)) << text;
    }
}

}  // namespace

}  // namespace patchbay::agent_gateway
