// SPDX-License-Identifier: Apache-2.0
#include "events/event_ring.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace patchbay::events {
namespace {

Event event(std::string text) {
    return {Level::info, "test", "test.event", std::move(text)};
}

const std::chrono::system_clock::time_point noon{std::chrono::hours(12)};

TEST(EventRing, NumbersEventsFromOneAndKeepsTheirTime) {
    EventRing ring;
    EXPECT_EQ(ring.append(event("a"), noon), 1U);
    EXPECT_EQ(ring.append(event("b"), noon), 2U);
    const EventRing::Batch batch = ring.read(0, 10);
    ASSERT_EQ(batch.records.size(), 2U);
    EXPECT_EQ(batch.records[1].event.text, "b");
    EXPECT_EQ(batch.records[1].time, noon);
    EXPECT_EQ(batch.missed, 0U);
    EXPECT_EQ(batch.next, 3U);
}

TEST(EventRing, ReadsInPieces) {
    EventRing ring;
    for (int i = 0; i < 5; ++i) {
        ring.append(event(std::to_string(i)), noon);
    }
    EventRing::Batch batch = ring.read(1, 2);
    EXPECT_EQ(batch.next, 3U);
    batch = ring.read(batch.next, 2);
    EXPECT_EQ(batch.records.front().event.text, "2");
    batch = ring.read(batch.next, 2);
    EXPECT_EQ(batch.records.size(), 1U);
    batch = ring.read(batch.next, 2);
    EXPECT_TRUE(batch.records.empty());
    EXPECT_EQ(batch.next, 6U);
}

TEST(EventRing, TellsASlowFollowerHowManyItMissed) {
    EventRing ring(3);
    for (int i = 0; i < 10; ++i) {
        ring.append(event(std::to_string(i)), noon);
    }
    const EventRing::Batch batch = ring.read(2, 100);
    EXPECT_EQ(batch.missed, 6U);
    ASSERT_EQ(batch.records.size(), 3U);
    EXPECT_EQ(batch.records.front().sequence, 8U);
}

TEST(EventRing, IsBoundedInBytesButKeepsTheNewest) {
    EventRing ring(100, 1000);
    ring.append(event("small"), noon);
    ring.append(event(std::string(5000, 'x')), noon);
    const EventRing::Batch batch = ring.read(1, 100);
    EXPECT_EQ(batch.missed, 1U);
    ASSERT_EQ(batch.records.size(), 1U);
    EXPECT_EQ(batch.records[0].event.text.size(), 5000U);
}

TEST(EventRing, ANumberFromTheFutureReadsNothing) {
    EventRing ring;
    ring.append(event("a"), noon);
    const EventRing::Batch batch = ring.read(77, 100);
    EXPECT_TRUE(batch.records.empty());
    EXPECT_EQ(batch.next, 2U);
}

TEST(EventRing, WakesFollowersUntilTheirRegistrationEnds) {
    EventRing ring;
    int woken = 0;
    {
        const EventRing::Registration registration = ring.follow([&woken] { ++woken; });
        ring.append(event("a"), noon);
        EXPECT_EQ(woken, 1);
    }
    ring.append(event("b"), noon);
    EXPECT_EQ(woken, 1);
}

TEST(EventRing, ManyThreadsAppendWithoutGaps) {
    EventRing ring(10'000);
    std::atomic<int> woken{0};
    const EventRing::Registration registration = ring.follow([&woken] { ++woken; });
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&ring] {
            for (int i = 0; i < 500; ++i) {
                ring.append(event("x"), noon);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    const EventRing::Batch batch = ring.read(1, 10'000);
    ASSERT_EQ(batch.records.size(), 2000U);
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
        ASSERT_EQ(batch.records[i].sequence, i + 1);
    }
    EXPECT_EQ(woken, 2000);
}

}  // namespace
}  // namespace patchbay::events
