// SPDX-License-Identifier: Apache-2.0
#include "events/event_hub.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace patchbay::events {
namespace {

class EventHubTest : public ::testing::Test {
  protected:
    EventHubTest() {
        hub.set_output([this](const Record& record) { lines.push_back(record.event.text); });
    }
    void publish(std::string text, Level level = Level::info) {
        hub.publish({level, "network", "test.event", std::move(text)});
    }

    Levels levels{Threshold::info};
    EventHub hub{levels, RepeatLimits{std::chrono::hours(1), 1, 100, 16}};
    std::vector<std::string> lines;
};

TEST_F(EventHubTest, WhatIsTooLowReachesNobody) {
    publish("quiet", Level::debug);
    EXPECT_TRUE(lines.empty());
    EXPECT_EQ(hub.ring().next(), 1U);
    ASSERT_TRUE(levels.set("network", Threshold::debug));
    publish("quiet", Level::debug);
    EXPECT_EQ(lines, std::vector<std::string>{"quiet"});
}

TEST_F(EventHubTest, SecretsReachNeitherLogNorRing) {
    hub.redactor().add("s3cr3t-value");
    publish("key s3cr3t-value");
    EXPECT_EQ(lines.at(0), "key [redacted]");
    EXPECT_EQ(hub.ring().read(1, 1).records.at(0).event.text, "key [redacted]");
}

TEST_F(EventHubTest, LongTextsAreCutAtACharacter) {
    publish(std::string(EventHub::longest_text - 1, 'x') + "\xC3\xA4");
    EXPECT_EQ(lines.at(0), std::string(EventHub::longest_text - 1, 'x') + "...");
}

TEST_F(EventHubTest, RepetitionsRaiseTheAlarmOnceAndAreSummarised) {
    int alarms = 0;
    hub.set_alarm([&alarms] { ++alarms; });
    for (int i = 0; i < 4; ++i) {
        publish("again");
    }
    EXPECT_EQ(lines.size(), 1U);
    EXPECT_EQ(alarms, 1);
    ASSERT_TRUE(hub.next_due());
    hub.tick();
    EXPECT_EQ(lines.size(), 1U);
    hub.tick(*hub.next_due());
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1], "again (repeated 3 times within 3600 s)");
    EXPECT_EQ(hub.ring().next(), 3U);
}

TEST_F(EventHubTest, FlushLosesNoCount) {
    publish("again");
    publish("again");
    hub.flush();
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1], "again (repeated once more within 3600 s)");
}

}  // namespace
}  // namespace patchbay::events
