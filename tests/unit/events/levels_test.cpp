// SPDX-License-Identifier: Apache-2.0
#include "events/levels.hpp"

#include <gtest/gtest.h>

namespace patchbay::events {
namespace {

TEST(Levels, BaseHoldsForSubsystemsWithoutALevelOfTheirOwn) {
    const Levels levels(Threshold::warning);
    EXPECT_FALSE(levels.wants(Level::info, "network"));
    EXPECT_TRUE(levels.wants(Level::warning, "network"));
}

TEST(Levels, ASubsystemCanSayMoreOrLessThanTheOthers) {
    Levels levels(Threshold::info);
    ASSERT_TRUE(levels.set("identity", Threshold::debug));
    ASSERT_TRUE(levels.set("stub", Threshold::off));
    EXPECT_TRUE(levels.wants(Level::debug, "identity"));
    EXPECT_FALSE(levels.wants(Level::trace, "identity"));
    EXPECT_FALSE(levels.wants(Level::debug, "network"));
    EXPECT_FALSE(levels.wants(Level::critical, "stub"));
}

TEST(Levels, ResettingBringsTheBaseBack) {
    Levels levels(Threshold::info);
    ASSERT_TRUE(levels.set("identity", Threshold::trace));
    levels.reset("identity");
    EXPECT_FALSE(levels.wants(Level::debug, "identity"));
    levels.set_base(Threshold::debug);
    EXPECT_TRUE(levels.wants(Level::debug, "identity"));
}

TEST(Levels, NamesAreBounded) {
    Levels levels;
    for (std::size_t i = 0; i < Levels::maximum_names; ++i) {
        ASSERT_TRUE(levels.set("name" + std::to_string(i), Threshold::info));
    }
    EXPECT_FALSE(levels.set("one too many", Threshold::info));
    EXPECT_TRUE(levels.set("name7", Threshold::debug));
}

TEST(Levels, TextAndThresholdConvertBothWays) {
    for (const char* text : {"trace", "debug", "info", "warning", "error", "critical", "off"}) {
        const auto threshold = parse_threshold(text);
        ASSERT_TRUE(threshold) << text;
        EXPECT_EQ(to_string(*threshold), text);
    }
    EXPECT_EQ(parse_threshold("warn").value(), Threshold::warning);
    ASSERT_FALSE(parse_threshold("loud"));
    EXPECT_EQ(parse_threshold("loud").error().code, "log.unknown_level");
}

}  // namespace
}  // namespace patchbay::events
