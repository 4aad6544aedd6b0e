// SPDX-License-Identifier: Apache-2.0
#include "app/event_source.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::app {
namespace {

class EventSourceTest : public ::testing::Test {
  protected:
    void append(std::string subsystem, std::string code) {
        ring.append({events::Level::info, std::move(subsystem), std::move(code), "Text."}, {});
    }

    events::EventRing ring{4};
};

TEST_F(EventSourceTest, GivesWhatIsThereAndEnds) {
    append("network", "a.one");
    append("network", "a.two");
    EventSource source(ring, {});
    EXPECT_EQ(source.take(1).size(), 1U);
    EXPECT_EQ(source.take(10).size(), 1U);
    EXPECT_TRUE(source.take(10).empty());
    EXPECT_TRUE(source.ended());
}

TEST_F(EventSourceTest, SelectsBySubsystemAndCode) {
    append("network", "a.one");
    append("identity", "a.two");
    append("identity", "b.three");
    EventSource source(ring, {1, false, "identity", "b."});
    const auto items = source.take(10);
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(items[0].at("code"), "b.three");
}

TEST_F(EventSourceTest, AFollowerIsWokenAndToldWhatItMissed) {
    EventSource source(ring, {1, true, "", ""});
    int woken = 0;
    source.set_wake([&woken] { ++woken; });
    append("network", "a");
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(source.take(10).size(), 1U);
    EXPECT_FALSE(source.ended());
    for (int i = 0; i < 6; ++i) {
        append("network", "b");
    }
    const auto items = source.take(10);
    ASSERT_EQ(items.size(), 5U);
    EXPECT_EQ(items[0].at("missed"), 2);
}

}  // namespace
}  // namespace patchbay::app
