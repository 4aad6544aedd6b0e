// SPDX-License-Identifier: Apache-2.0
#include "app/build_schedule.hpp"

#include <gtest/gtest.h>

namespace patchbay::app {
namespace {

using namespace std::chrono_literals;

class BuildScheduleTest : public testing::Test {
  protected:
    const BuildSchedule::TimePoint start_{};
    BuildSchedule schedule_;
};

TEST_F(BuildScheduleTest, NothingIsDueWithoutASave) {
    EXPECT_FALSE(schedule_.due());
    EXPECT_FALSE(schedule_.begin()) << "the first build is nobody's save";
    EXPECT_TRUE(schedule_.is_building());
    schedule_.end();
    EXPECT_FALSE(schedule_.due());
}

TEST_F(BuildScheduleTest, SavesCloseToEachOtherAreOneBuild) {
    schedule_.saved(start_);
    EXPECT_EQ(schedule_.due(), start_ + BuildSchedule::settle_time);
    schedule_.saved(start_ + 20ms);
    EXPECT_EQ(schedule_.due(), start_ + 20ms + BuildSchedule::settle_time);
    EXPECT_EQ(schedule_.begin(), start_) << "the first of them counts for the time";
    schedule_.end();
    EXPECT_FALSE(schedule_.due());
}

TEST_F(BuildScheduleTest, SavesThatDoNotEndDoNotPutItOffForEver) {
    for (auto at = 0ms; at <= 1000ms; at += 20ms) {
        schedule_.saved(start_ + at);
    }
    EXPECT_EQ(schedule_.due(), start_ + BuildSchedule::longest_wait);
}

TEST_F(BuildScheduleTest, WhatIsSavedDuringABuildIsOneMore) {
    schedule_.saved(start_);
    schedule_.begin();
    schedule_.saved(start_ + 1s);
    schedule_.saved(start_ + 2s);
    EXPECT_FALSE(schedule_.due()) << "one at a time";
    schedule_.end();
    ASSERT_TRUE(schedule_.due());
    EXPECT_LE(*schedule_.due(), start_ + 2s);
    EXPECT_EQ(schedule_.begin(), start_ + 1s);
    schedule_.end();
    EXPECT_FALSE(schedule_.due());
}

}  // namespace
}  // namespace patchbay::app
