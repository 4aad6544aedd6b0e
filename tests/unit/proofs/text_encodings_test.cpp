// SPDX-License-Identifier: Apache-2.0
#include "proofs/text_encodings.hpp"

#include <gtest/gtest.h>

namespace patchbay::proofs {
namespace {

TEST(TextEncodings, HexadecimalGoesThereAndBack) {
    const std::string bytes("\x00\x7f\xff", 3);
    EXPECT_EQ(to_hex(bytes), "007fff");
    EXPECT_EQ(from_hex("007FfF"), bytes);
    EXPECT_EQ(from_hex(""), "");
}

TEST(TextEncodings, HexadecimalRefusesOddLengthsAndOtherCharacters) {
    for (const char* text : {"0", "0g", "0x", " 00", "00 "}) {
        EXPECT_FALSE(from_hex(text)) << text;
    }
}

TEST(TextEncodings, Base64HasOneSpelling) {
    EXPECT_EQ(to_base64("ab"), "YWI=");
    EXPECT_EQ(from_base64("YWI="), "ab");
    EXPECT_EQ(from_base64("YWJj"), "abc");
    for (const char* text : {"YWI", "YWJ=", "YW=I", "YWI=\n", " YWI=", "Y"}) {
        EXPECT_FALSE(from_base64(text)) << text;
    }
}

TEST(TextEncodings, Bech32HasTheCheckSumOfBip173) {
    // The witness program of BIP 173's example, without its version.
    EXPECT_EQ(to_bech32("a", ""), "a12uel5l");
}

}  // namespace
}  // namespace patchbay::proofs
