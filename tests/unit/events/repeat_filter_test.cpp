// SPDX-License-Identifier: Apache-2.0
#include "events/repeat_filter.hpp"

#include <gtest/gtest.h>

namespace patchbay::events {
namespace {

using std::chrono::milliseconds;

Event repeated_event(std::string text, std::string instance = "stub") {
    return {Level::warning, "multiplexer", "send.failed", std::move(text), std::move(instance)};
}

class RepeatFilterTest : public ::testing::Test {
  protected:
    RepeatFilter::Time now{std::chrono::hours(1)};
    RepeatFilter filter{RepeatLimits{milliseconds(1000), 2, 5, 16}};
};

TEST_F(RepeatFilterTest, FirstOnesPassTheOthersAreCounted) {
    EXPECT_TRUE(filter.pass(repeated_event("no"), now));
    EXPECT_TRUE(filter.pass(repeated_event("no"), now));
    EXPECT_FALSE(filter.next_due());
    EXPECT_FALSE(filter.pass(repeated_event("no"), now));
    EXPECT_FALSE(filter.pass(repeated_event("no"), now));
    EXPECT_EQ(filter.next_due(), now + milliseconds(1000));
}

TEST_F(RepeatFilterTest, SaysAtTheEndOfTheIntervalHowOften) {
    for (int i = 0; i < 10; ++i) {
        (void)filter.pass(repeated_event("no"), now);
    }
    EXPECT_TRUE(filter.expire(now + milliseconds(999)).empty());
    const std::vector<Event> summaries = filter.expire(now + milliseconds(1000));
    ASSERT_EQ(summaries.size(), 1U);
    EXPECT_EQ(summaries[0].text, "no (repeated 8 times within 1 s)");
    EXPECT_EQ(summaries[0].code, "send.failed");
    EXPECT_EQ(summaries[0].instance, "stub");
    EXPECT_TRUE(filter.pass(repeated_event("no"), now + milliseconds(1000)));
}

TEST_F(RepeatFilterTest, InstancesDoNotHideEachOther) {
    for (int i = 0; i < 10; ++i) {
        (void)filter.pass(repeated_event("no", "a"), now);
    }
    EXPECT_TRUE(filter.pass(repeated_event("no", "b"), now));
}

TEST_F(RepeatFilterTest, AStormOfDifferentTextsIsHeldBackToo) {
    int passed = 0;
    for (int i = 0; i < 10; ++i) {
        passed += filter.pass(repeated_event("no " + std::to_string(i)), now) ? 1 : 0;
    }
    EXPECT_EQ(passed, 5);
    const std::vector<Event> summaries = filter.expire(now + milliseconds(1000));
    ASSERT_EQ(summaries.size(), 1U);
    EXPECT_EQ(summaries[0].text, "Further events of this kind: held back 5 times within 1 s.");
}

TEST_F(RepeatFilterTest, BeyondTheBoundOfKindsEventsPass) {
    for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(filter.pass(repeated_event("no", "instance" + std::to_string(i)), now));
    }
    EXPECT_TRUE(filter.pass(repeated_event("no", "last"), now));
    EXPECT_TRUE(filter.pass(repeated_event("no", "last"), now));
    EXPECT_TRUE(filter.pass(repeated_event("no", "last"), now));
}

TEST_F(RepeatFilterTest, FlushSummarisesWhatIsStillRunning) {
    for (int i = 0; i < 3; ++i) {
        (void)filter.pass(repeated_event("no"), now);
    }
    const std::vector<Event> summaries = filter.flush();
    ASSERT_EQ(summaries.size(), 1U);
    EXPECT_EQ(summaries[0].text, "no (repeated once more within 1 s)");
    EXPECT_TRUE(filter.flush().empty());
}

}  // namespace
}  // namespace patchbay::events
