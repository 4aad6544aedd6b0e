// SPDX-License-Identifier: Apache-2.0
#include "identity/identity_clock.hpp"

#include "unit/identity/claims_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace patchbay::identity {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(IdentityClock, FollowsTheWallAsLongAsItDoesNotJump) {
    StandingClock machine;
    const IdentityClock clock(machine);
    for (int i = 0; i < 100; ++i) {
        machine.advance(hours(1));
        machine.step(milliseconds(i % 2 == 0 ? 1'500 : -1'500));  // as time servers do
        EXPECT_EQ(clock.now(), machine.wall());
    }
    EXPECT_EQ(clock.steps(), 0U);
}

TEST(IdentityClock, Weakness26AStepCountsOnlyAfterTenMinutes) {
    StandingClock machine;
    const IdentityClock clock(machine);
    const std::uint64_t before = machine.wall();
    machine.step(hours(48));
    EXPECT_EQ(clock.now(), before);
    EXPECT_EQ(clock.steps(), 1U);
    machine.advance(minutes(9));
    EXPECT_EQ(clock.now(), before + 540'000'000'000U);
    machine.advance(minutes(1));
    (void)clock.now();
    EXPECT_EQ(clock.now(), machine.wall());
    EXPECT_EQ(clock.steps(), 1U);
}

TEST(IdentityClock, Weakness26GlitchesDoNotAddUp) {
    StandingClock machine;
    const IdentityClock clock(machine);
    for (int i = 0; i < 5; ++i) {
        const std::uint64_t right = machine.wall();
        machine.step(hours(1));
        EXPECT_EQ(clock.now(), right);
        machine.step(-hours(1));
        EXPECT_EQ(clock.now(), right);
        machine.advance(minutes(11));
    }
}

TEST(IdentityClock, Weakness26AnotherStepStartsAnew) {
    StandingClock machine;
    const IdentityClock clock(machine);
    const std::uint64_t before = machine.wall();
    machine.step(hours(1));
    (void)clock.now();
    machine.advance(minutes(9));
    machine.step(hours(1));
    (void)clock.now();
    machine.advance(minutes(9));
    EXPECT_EQ(clock.now(), before + 1'080'000'000'000U);
}

}  // namespace
}  // namespace patchbay::identity
