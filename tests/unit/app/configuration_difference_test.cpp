// SPDX-License-Identifier: Apache-2.0
#include "app/configuration_difference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchbay::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ConfigurationDifference, KeepsWhatIsReadAtTheStartAloneAndNamesIt) {
    config::HostConfiguration running;
    running.data_dir = "/data";
    running.identity.secret_key = "the old secret";
    config::HostConfiguration next = running;
    EXPECT_THAT(keep_for_restart(next, running), IsEmpty());
    next.data_dir = "/elsewhere";
    next.control.socket = "/run/x.sock";
    next.identity.secret_key = "the new secret";
    next.identity.limits.max_claims = 7;
    next.heartbeat.ping_timeout = config::Duration{1};
    next.limits.max_hops = 3;
    next.shutdown.drain_timeout = config::Duration{2};
    EXPECT_THAT(
        keep_for_restart(next, running),
        ElementsAre("data_dir", "control.socket", "identity.secret_key",
                    "identity.limits.max_claims", "heartbeat.ping_timeout", "limits.max_hops"));
    EXPECT_EQ(next.data_dir, "/data");
    EXPECT_EQ(next.identity.secret_key, "the old secret");
    EXPECT_EQ(next.shutdown.drain_timeout, config::Duration{2}) << "this one can change";
    EXPECT_THAT(keep_for_restart(next, running), IsEmpty());
}

TEST(ConfigurationDifference, ChangesTheLevelsThatTheFileChanged) {
    config::Log running;
    running.levels = {{"gone", config::LogLevel::debug}, {"kept", config::LogLevel::error}};
    config::Log next;
    next.levels = {{"kept", config::LogLevel::error}, {"come", config::LogLevel::trace}};
    events::Levels levels;
    levels.set_base(events::Threshold::critical);  // by an operator
    levels.set("kept", events::Threshold::off);    // by an operator
    levels.set("gone", events::Threshold::debug);
    change_levels(levels, running, next);
    EXPECT_EQ(levels.base(), events::Threshold::critical);
    EXPECT_EQ(levels.of("kept"), events::Threshold::off);
    EXPECT_EQ(levels.of("gone"), events::Threshold::critical);
    EXPECT_EQ(levels.of("come"), events::Threshold::trace);
    next.level = config::LogLevel::warning;
    change_levels(levels, running, next);
    EXPECT_EQ(levels.base(), events::Threshold::warning);
}

}  // namespace
}  // namespace patchbay::app
