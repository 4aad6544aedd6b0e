// SPDX-License-Identifier: Apache-2.0
#include <patchbay/public_id.hpp>

#include <gtest/gtest.h>

#include <string>

namespace patchbay {
namespace {

const std::string hash_v0 = "Qm" + std::string(44, 'x');
const std::string hash_v1 = "bafybeih4zgjm7ifmovpzuwdobwb2kotvvr4gx3suwbn5j5z3pau4sioaou";

std::string printed(std::string_view text) {
    const auto id = PublicId::parse(text);
    return id ? id->to_string() : to_string(id.error());
}

TEST(PublicId, PrintsTheStrictText) {
    EXPECT_EQ(printed("fetchai/default:1.0.0"), "fetchai/default:1.0.0");
    EXPECT_EQ(printed("fetchai/default"), "fetchai/default:latest");
    EXPECT_EQ(printed("a/b:any"), "a/b:any");
    EXPECT_EQ(printed("a/b:1.0.0:" + hash_v1), "a/b:1.0.0:" + hash_v1);
    EXPECT_EQ(printed("a/b:" + hash_v0), "a/b:latest:" + hash_v0);
    EXPECT_EQ(printed("a/b:1.2.3\n"), "a/b:1.2.3");
}

TEST(PublicId, PrintsAVersionAsItWasWritten) {
    for (const char* text : {"a/b:0.1.0-rc1", "a/b:1.0.0+build5", "a/b:1.0.0-a.1+B-2.x"}) {
        EXPECT_EQ(printed(text), text);
        EXPECT_TRUE(is_public_id(printed(text)));
    }
}

TEST(PublicId, AcceptsTheLongestNamesAndNoLonger) {
    const std::string longest = "_" + std::string(127, '9');
    EXPECT_TRUE(is_public_id(longest + "/" + longest));
    EXPECT_FALSE(is_public_id(longest + "x/b"));
    EXPECT_FALSE(is_public_id("a/" + longest + "x"));
}

TEST(PublicId, RefusesWhatUpstreamRefuses) {
    for (const char* text : {"",
                             "/",
                             "a/",
                             "/b",
                             "default",
                             "Fetchai/default:1.0.0",
                             "fetchai/default:1",
                             "fetchai/default:1.0",
                             "a/b:",
                             "a/b:01.0.0",
                             "a/b:1.0.0-01",
                             "a/b:1.0.0-",
                             "a/b:1.0.0+",
                             "a/b:1.0.0-a..b",
                             "a/b/c",
                             "x/1y:0.1.0",
                             " a/b",
                             "a/b ",
                             "a/b:1.0.0\n\n",
                             "a/b\n:1.0.0",
                             "a/b:1.0.0:",
                             "a/b:1.0.0:Qmshort",
                             "a/b:v1.0.0",
                             "a-b/c",
                             "a/b:1.0.0.0",
                             "0x5E22777dD831A459535AA4306AceC9cb22eC4cB5"}) {
        EXPECT_FALSE(is_public_id(text)) << text;
        const auto id = PublicId::parse(text);
        ASSERT_FALSE(id) << text;
        EXPECT_EQ(id.error().code, "public_id.malformed");
    }
    EXPECT_FALSE(is_public_id("a/b:1.0.0:" + hash_v1 + "x"));
    EXPECT_FALSE(is_public_id(std::string("a/b\0", 4)));
}

TEST(PublicId, EqualityIgnoresTheHashAndSameComponentTheVersion) {
    const auto id = PublicId::parse("a/b:1.0.0");
    EXPECT_EQ(*id, *PublicId::parse("a/b:1.0.0:" + hash_v1));
    EXPECT_FALSE(*id == *PublicId::parse("a/b:1.0.1"));
    EXPECT_TRUE(id->same_component(*PublicId::parse("a/b")));
    EXPECT_FALSE(id->same_component(*PublicId::parse("a/c:1.0.0")));
}

}  // namespace
}  // namespace patchbay
