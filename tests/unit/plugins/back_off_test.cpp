// SPDX-License-Identifier: Apache-2.0
#include "plugins/back_off.hpp"

#include <gtest/gtest.h>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

TEST(BackOff, DoublesUpToItsBound) {
    const config::Reconnect reconnect{
        .attempts = std::nullopt, .initial_delay = 500ms, .max_delay = 3000ms, .jitter = 0.0};
    EXPECT_EQ(reconnect_delay(reconnect, 1, 0.5), 500ms);
    EXPECT_EQ(reconnect_delay(reconnect, 2, 0.5), 1000ms);
    EXPECT_EQ(reconnect_delay(reconnect, 3, 0.5), 2000ms);
    EXPECT_EQ(reconnect_delay(reconnect, 4, 0.5), 3000ms);
    EXPECT_EQ(reconnect_delay(reconnect, 4'000'000'000U, 0.5), 3000ms);
}

TEST(BackOff, JitterOnlyShortens) {
    const config::Reconnect reconnect{
        .attempts = 1, .initial_delay = 1000ms, .max_delay = 8000ms, .jitter = 0.2};
    EXPECT_EQ(reconnect_delay(reconnect, 1, 0.0), 1000ms);
    EXPECT_EQ(reconnect_delay(reconnect, 1, 0.5), 900ms);
    EXPECT_GE(reconnect_delay(reconnect, 1, 0.999), 800ms);
}

TEST(BackOff, CountsAttempts) {
    config::Reconnect reconnect;
    reconnect.attempts = 0;
    EXPECT_FALSE(may_reconnect(reconnect, 1));
    reconnect.attempts = 2;
    EXPECT_TRUE(may_reconnect(reconnect, 2));
    EXPECT_FALSE(may_reconnect(reconnect, 3));
    reconnect.attempts = std::nullopt;
    EXPECT_TRUE(may_reconnect(reconnect, 4'000'000'000U));
}

}  // namespace
}  // namespace patchbay::plugins
