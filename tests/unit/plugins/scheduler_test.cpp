// SPDX-License-Identifier: Apache-2.0
#include "plugins/scheduler.hpp"

#include "manual_clock.hpp"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;
constexpr std::uint64_t one_second = 1'000'000'000;

TEST(Scheduler, RunsTasksWhenTheClockSaysSoInTheirOrder) {
    test::ManualClock clock;
    Scheduler scheduler(clock);
    std::vector<int> order;
    scheduler.after(2 * one_second, [&] { order.push_back(2); });
    scheduler.after(one_second, [&] { order.push_back(1); });
    scheduler.after(2 * one_second, [&] { order.push_back(3); });
    scheduler.settle();
    EXPECT_TRUE(order.empty());
    clock.advance(1s);
    scheduler.settle();
    EXPECT_EQ(order, (std::vector{1}));
    clock.advance(1s);
    scheduler.settle();
    EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(Scheduler, ACancelledTaskDoesNotRun) {
    test::ManualClock clock;
    Scheduler scheduler(clock);
    bool ran = false;
    const TaskId id = scheduler.after(one_second, [&] { ran = true; });
    EXPECT_TRUE(scheduler.cancel(id));
    EXPECT_FALSE(scheduler.cancel(id));
    EXPECT_FALSE(scheduler.cancel(0));
    clock.advance(2s);
    scheduler.settle();
    EXPECT_FALSE(ran);
}

TEST(Scheduler, TasksMayScheduleAndCancelOthers) {
    test::ManualClock clock;
    Scheduler scheduler(clock);
    int ran = 0;
    const TaskId other = scheduler.after(one_second, [&] { ran += 100; });
    scheduler.soon([&] {
        scheduler.cancel(other);
        scheduler.soon([&] { ++ran; });
    });
    scheduler.settle();
    clock.advance(2s);
    scheduler.settle();
    EXPECT_EQ(ran, 1);
}

TEST(Scheduler, FollowsTheRealClockByItself) {
    const multiplexer::SystemClock clock;
    Scheduler scheduler(clock);
    std::promise<void> done;
    scheduler.after(1'000'000, [&] { done.set_value(); });
    EXPECT_EQ(done.get_future().wait_for(10s), std::future_status::ready);
}

TEST(Scheduler, AnEndlessDelayDoesNotOverflow) {
    const multiplexer::SystemClock clock;
    Scheduler scheduler(clock);
    bool ran = false;
    scheduler.after(UINT64_MAX, [&] { ran = true; });
    scheduler.settle();
    EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace patchbay::plugins
