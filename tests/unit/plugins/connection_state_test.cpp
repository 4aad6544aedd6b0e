// SPDX-License-Identifier: Apache-2.0
#include "plugins/connection_state.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;
using enum ConnectionState;

constexpr ConnectionState all[] = {disconnected, connecting, connected, disconnecting};

TEST(ConnectionState, OnlyTheDocumentedTransitionsAreAllowed) {
    const std::vector<std::pair<ConnectionState, ConnectionState>> allowed = {
        {disconnected, connecting},  {connecting, connected},    {connecting, disconnected},
        {connecting, disconnecting}, {connected, disconnecting}, {disconnecting, disconnected},
    };
    for (const auto from : all) {
        for (const auto to : all) {
            const bool expected =
                std::find(allowed.begin(), allowed.end(), std::pair(from, to)) != allowed.end();
            EXPECT_EQ(may_follow(from, to), expected) << to_string(from) << to_string(to);
        }
    }
}

TEST(ConnectionState, ATransitionFromAnotherStateIsRefusedAndChangesNothing) {
    StateMachine machine;
    EXPECT_FALSE(machine.transit(connecting, connected));
    EXPECT_FALSE(machine.transit(disconnected, connected));
    EXPECT_EQ(machine.state(), disconnected);
}

TEST(ConnectionState, ObserversSeeEachChangeInOrder) {
    std::vector<StateChange> seen;
    StateMachine machine([&](const StateChange& change) { seen.push_back(change); });
    EXPECT_TRUE(machine.transit(disconnected, connecting));
    EXPECT_TRUE(machine.transit(connecting, connected));
    EXPECT_FALSE(machine.transit(connecting, connected));
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_EQ(seen[1].from, connecting);
    EXPECT_EQ(seen[1].to, connected);
}

TEST(ConnectionState, WaitEndsWithTheStateOrTheLimit) {
    StateMachine machine;
    EXPECT_TRUE(machine.wait({disconnected}, 0ns));
    EXPECT_FALSE(machine.wait({connected, disconnecting}, 1ms));
    std::thread other([&] {
        machine.transit(disconnected, connecting);
        machine.transit(connecting, connected);
    });
    EXPECT_TRUE(machine.wait({connected}, 10s));
    other.join();
}

}  // namespace
}  // namespace patchbay::plugins
