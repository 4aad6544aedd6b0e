// SPDX-License-Identifier: Apache-2.0
#include "config/nearest.hpp"

#include <gtest/gtest.h>

namespace patchbay::config {
namespace {

TEST(EditDistance, CountsOneForEachEdit) {
    EXPECT_EQ(edit_distance("same", "same"), 0U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("abc", ""), 3U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
    EXPECT_EQ(edit_distance("name", "nam"), 1U);
}

TEST(EditDistance, CountsOneForSwappedNeighbours) {
    EXPECT_EQ(edit_distance("calss", "class"), 1U);
    EXPECT_EQ(edit_distance("ab", "ba"), 1U);
}

TEST(Nearest, FindsTheNearSpelling) {
    const std::vector<std::string> keys{"connections", "protocols", "class_name", "config"};
    EXPECT_EQ(nearest("conections", keys), "connections");
    EXPECT_EQ(nearest("className", keys), "class_name");
    EXPECT_EQ(nearest("CONFIG", keys), "config");
    EXPECT_EQ(nearest("class-name", keys), "class_name");
}

TEST(Nearest, SaysNothingWhenNothingIsNear) {
    EXPECT_EQ(nearest("zebra", {"connections", "protocols"}), "");
    EXPECT_EQ(nearest("x", {"long_name"}), "");
    EXPECT_EQ(nearest("", {"a"}), "");
    EXPECT_EQ(nearest("name", {}), "");
    EXPECT_EQ(nearest(std::string(100'000, 'a'), {std::string(100'000, 'b')}), "");
}

TEST(Nearest, PrefersTheFirstOfEquallyNear) {
    EXPECT_EQ(nearest("cot", {"cat", "cut"}), "cat");
    EXPECT_EQ(did_you_mean("cot", {"cat", "cut"}), "; did you mean `cat`?");
    EXPECT_EQ(did_you_mean("cot", {"elephant"}), "");
}

}  // namespace
}  // namespace patchbay::config
