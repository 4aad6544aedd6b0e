// SPDX-License-Identifier: Apache-2.0
#include "plugins/state_handover.hpp"

#include <gtest/gtest.h>

#include <array>

namespace patchbay::plugins {
namespace {

TEST(StateSchema, ContinuesFromTheOldestOn) {
    const StateSchema schema{5, 3};
    EXPECT_FALSE(schema.continues(2));
    EXPECT_TRUE(schema.continues(3));
    EXPECT_TRUE(schema.continues(5));
    EXPECT_FALSE(schema.continues(6));
}

TEST(StateHandover, HasNoSchemaUntilOneIsOffered) {
    StateHandover handover;
    EXPECT_FALSE(handover.schema());
    handover.offer({2, 1});
    ASSERT_TRUE(handover.schema());
    EXPECT_EQ(handover.schema()->version, 2U);
}

TEST(StateHandover, WritesOnlyWhileItIsSaved) {
    StateHandover handover;
    EXPECT_EQ(handover.write("x"), StateHandover::Written::not_asked);
    handover.begin_save();
    EXPECT_EQ(handover.write("one "), StateHandover::Written::ok);
    EXPECT_EQ(handover.write("two"), StateHandover::Written::ok);
    EXPECT_EQ(handover.end(), "one two");
    EXPECT_EQ(handover.write("x"), StateHandover::Written::not_asked);
}

TEST(StateHandover, ReadsInPartsUpToTheEnd) {
    StateHandover handover;
    std::array<unsigned char, 4> buffer{};
    EXPECT_FALSE(handover.read(buffer.data(), buffer.size()));
    handover.begin_load("seven by");
    EXPECT_EQ(handover.read(buffer.data(), 4), 4U);
    EXPECT_EQ(handover.read(buffer.data(), 3), 3U);
    EXPECT_EQ(handover.read(buffer.data(), 4), 1U);
    EXPECT_EQ(buffer[0], 'y');
    EXPECT_EQ(handover.read(buffer.data(), 4), 0U);
    (void)handover.end();
    EXPECT_FALSE(handover.read(buffer.data(), 4));
}

TEST(StateHandover, IsBounded) {
    StateHandover handover;
    handover.begin_save();
    EXPECT_EQ(handover.write(std::string(StateHandover::most_bytes, 'x')),
              StateHandover::Written::ok);
    EXPECT_EQ(handover.write("x"), StateHandover::Written::too_much);
    EXPECT_EQ(handover.end().size(), StateHandover::most_bytes);
}

}  // namespace
}  // namespace patchbay::plugins
