// SPDX-License-Identifier: Apache-2.0
#include "config/content_identifier.hpp"

#include <gtest/gtest.h>

#include <string>

namespace patchbay::config {
namespace {

std::string cid_of(std::string_view content) {
    return cid_v1(content_digest(content));
}

TEST(ContentIdentifier, IsWhatUpstreamGivesToHello) {
    EXPECT_EQ(cid_of("hello\n"), "bafybeiffndsajwhk3lwjewwdxqntmjm4b5wxaaanokonsggenkbw6slwk4");
}

TEST(ContentIdentifier, IsWhatIpfsGivesToTheEmptyFile) {
    EXPECT_EQ(cid_of(""), "bafybeif7ztnhq65lumvvtr4ekcwd2ifwgm3awq4zfr3srh462rwyinlb4y");
    EXPECT_EQ(cid_v0(content_digest("")), "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH");
}

// Computed by an independent implementation of the same rules in Python.
TEST(ContentIdentifier, CutsContentIntoChunks) {
    EXPECT_EQ(cid_of(std::string(262'144, 'x')),
              "bafybeigfhqqxnqzn2xppsxhuajsjrjr3rkimcdtry622ctk2ypqawwqiyu");
    EXPECT_EQ(cid_of(std::string(262'145, 'x')),
              "bafybeiclzz54w43a7eynmctvnto7de5zoisp3tsmncd5zsqnfrjxmza5ny");
    std::string pattern;
    for (int round = 0; round < 4096; ++round) {
        for (int byte = 0; byte < 256; ++byte) {
            pattern += static_cast<char>(byte);
        }
    }
    EXPECT_EQ(cid_of(pattern), "bafybeiacme47igtk6dijzrsbeug6mhe4cysisrp6jnj7b7ryhpu4qsm2le");
}

TEST(ContentIdentifier, IsRecognisedInBothForms) {
    const ContentDigest digest = content_digest("hello\n");
    EXPECT_TRUE(names_content(cid_v0(digest), digest));
    EXPECT_TRUE(names_content(cid_v1(digest), digest));
    EXPECT_FALSE(names_content(cid_v1(content_digest("Hello\n")), digest));
    EXPECT_FALSE(names_content("", digest));
}

}  // namespace
}  // namespace patchbay::config
