// SPDX-License-Identifier: Apache-2.0
#include "plugins/lane_timers.hpp"

#include "manual_clock.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;
constexpr std::uint64_t second = 1'000'000'000;

TEST(LaneTimers, AreTakenWhenDueInTheirOrder) {
    test::ManualClock clock;
    LaneTimers timers(clock);
    EXPECT_FALSE(timers.next());
    EXPECT_EQ(timers.set(1, 2 * second), PATCHBAY_OK);
    EXPECT_EQ(timers.set(2, second), PATCHBAY_OK);
    EXPECT_EQ(timers.next(), clock.monotonic() + second);
    EXPECT_TRUE(timers.take_due().empty());
    clock.advance(3s);
    EXPECT_EQ(timers.take_due(), (std::vector<std::uint64_t>{2, 1}));
    EXPECT_TRUE(timers.take_due().empty());
}

TEST(LaneTimers, SettingARunningTokenMovesIt) {
    test::ManualClock clock;
    LaneTimers timers(clock);
    timers.set(1, second);
    timers.set(1, 3 * second);
    clock.advance(2s);
    EXPECT_TRUE(timers.take_due().empty());
    clock.advance(1s);
    EXPECT_EQ(timers.take_due(), (std::vector<std::uint64_t>{1}));
}

TEST(LaneTimers, CancelSaysWhetherThereWasOne) {
    test::ManualClock clock;
    LaneTimers timers(clock);
    timers.set(1, second);
    EXPECT_EQ(timers.cancel(1), PATCHBAY_OK);
    EXPECT_EQ(timers.cancel(1), PATCHBAY_UNSUPPORTED);
    clock.advance(2s);
    EXPECT_TRUE(timers.take_due().empty());
}

TEST(LaneTimers, AreBounded) {
    test::ManualClock clock;
    LaneTimers timers(clock);
    for (std::uint64_t i = 0; i < LaneTimers::capacity; ++i) {
        ASSERT_EQ(timers.set(i, second), PATCHBAY_OK);
    }
    EXPECT_EQ(timers.set(LaneTimers::capacity, second), PATCHBAY_OVERLOADED);
    EXPECT_EQ(timers.set(0, UINT64_MAX), PATCHBAY_OK) << "moving needs no room";
}

TEST(LaneTimers, TheSchedulerDeliversThemForLanesWithALoopOfTheirOwn) {
    test::ManualClock clock;
    Scheduler scheduler(clock);
    std::vector<std::uint64_t> fired;
    auto timers = std::make_shared<LaneTimers>(clock);
    timers->deliver_by(scheduler, [&](std::uint64_t token) { fired.push_back(token); });
    timers->set(1, 3 * second);
    timers->set(2, second);
    timers->set(3, 2 * second);
    timers->cancel(3);
    for (int i = 0; i < 3; ++i) {
        clock.advance(1s);
        scheduler.settle();
    }
    EXPECT_EQ(fired, (std::vector<std::uint64_t>{2, 1}));
    timers->set(4, second);
    timers->stop();
    clock.advance(5s);
    scheduler.settle();
    EXPECT_EQ(fired.size(), 2U);
}

}  // namespace
}  // namespace patchbay::plugins
