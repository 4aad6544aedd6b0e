// SPDX-License-Identifier: Apache-2.0
#include "identity/heartbeat.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace patchbay::identity {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t start = 5'000'000'000;
constexpr std::uint64_t first_value = 1'700'000'000'000'000;

struct Heard final : HeartbeatSink {
    struct Ping {
        SessionNumber session;
        std::uint64_t value;
        std::uint32_t missed;
        std::uint64_t at;
    };

    void ping(SessionNumber session, std::uint64_t value, std::uint32_t missed) override {
        pings.push_back({session, value, missed, now});
        if (answer != nullptr) {
            answer->pong(session, value);
        }
    }
    void lost(SessionNumber session) override {
        losses.emplace_back(session, now);
        heartbeat->remove(session);
    }

    Heartbeat* heartbeat = nullptr;
    /// Set: whoever is pinged answers at once.
    Heartbeat* answer = nullptr;
    std::uint64_t now = start;
    std::vector<Ping> pings;
    std::vector<std::pair<SessionNumber, std::uint64_t>> losses;
};

class HeartbeatTest : public ::testing::Test {
  protected:
    HeartbeatTest() { heard.heartbeat = &heartbeat; }

    /// Lets time pass as the host would.
    void pass(std::chrono::nanoseconds time) {
        const std::uint64_t until = heard.now + static_cast<std::uint64_t>(time.count());
        const auto step = static_cast<std::uint64_t>(heartbeat.resolution().count());
        while (heard.now < until) {
            heard.now = std::min(heard.now + step, until);
            heartbeat.tick(heard.now, heard);
        }
    }
    [[nodiscard]] std::chrono::nanoseconds since_start(std::uint64_t at) const {
        return std::chrono::nanoseconds(static_cast<std::int64_t>(at - start));
    }

    Heartbeat heartbeat{{.interval = 30s, .timeout = 90s}, 200'000, start, first_value};
    Heard heard;
};

TEST_F(HeartbeatTest, ASilentSessionIsPingedEachIntervalAndLostAtItsTimeout) {
    const SessionNumber session = heartbeat.add();
    ASSERT_NE(session, 0u);
    pass(29s);
    EXPECT_TRUE(heard.pings.empty()) << "nothing before it was silent for the interval";
    pass(5s);
    ASSERT_EQ(heard.pings.size(), 1u);
    EXPECT_EQ(heard.pings[0].session, session);
    EXPECT_EQ(heard.pings[0].missed, 0u);
    pass(33s);
    ASSERT_EQ(heard.pings.size(), 2u);
    EXPECT_EQ(heard.pings[1].missed, 1u) << "one miss is not the end";
    EXPECT_TRUE(heard.losses.empty());
    pass(22s);
    EXPECT_TRUE(heard.losses.empty()) << "89 seconds";
    pass(2s);
    ASSERT_EQ(heard.losses.size(), 1u);
    EXPECT_EQ(heard.losses[0].first, session);
    EXPECT_GE(since_start(heard.losses[0].second), 90s);
    EXPECT_LE(since_start(heard.losses[0].second), 90s + 3 * heartbeat.resolution());
    EXPECT_EQ(heartbeat.size(), 0u);
    pass(300s);
    EXPECT_EQ(heard.losses.size(), 1u);
}

TEST_F(HeartbeatTest, ABeatPutsThePingOff) {
    const SessionNumber session = heartbeat.add();
    for (int i = 0; i < 20; ++i) {
        pass(20s);
        heartbeat.touch(session);
    }
    EXPECT_TRUE(heard.pings.empty());
    pass(34s);
    EXPECT_EQ(heard.pings.size(), 1u);
}

TEST_F(HeartbeatTest, WhoAnswersLivesForEver) {
    heard.answer = &heartbeat;
    heartbeat.add();
    pass(1h);
    EXPECT_TRUE(heard.losses.empty());
    EXPECT_GE(heard.pings.size(), 105u) << "with jitter, one in 30 to 33 seconds";
    EXPECT_LE(heard.pings.size(), 120u);
    for (const Heard::Ping& ping : heard.pings) {
        EXPECT_EQ(ping.missed, 0u);
    }
}

TEST_F(HeartbeatTest, ValuesAreUniqueNumbersThatADoubleHolds) {
    for (int i = 0; i < 1000; ++i) {
        heartbeat.add();
    }
    pass(80s);
    std::set<std::uint64_t> values;
    for (const Heard::Ping& ping : heard.pings) {
        EXPECT_TRUE(values.insert(ping.value).second);
        EXPECT_LT(ping.value, std::uint64_t{1} << 53U);
    }
    EXPECT_EQ(values.size(), 2000u);
}

TEST_F(HeartbeatTest, SessionsThatCameTogetherAreNotPingedTogether) {
    for (int i = 0; i < 10'000; ++i) {
        heartbeat.add();
    }
    pass(34s);
    ASSERT_EQ(heard.pings.size(), 10'000u);
    std::set<std::uint64_t> moments;
    for (const Heard::Ping& ping : heard.pings) {
        moments.insert(ping.at);
    }
    EXPECT_GE(moments.size(), 10u);
}

// Reference, section 8: pongs are told apart by their socket and value, and a late one of an old
// session must not keep the new one alive.
TEST_F(HeartbeatTest, ALatePongOfAnOldSessionIsIgnored) {
    const SessionNumber old = heartbeat.add();
    pass(34s);
    ASSERT_EQ(heard.pings.size(), 1u);
    ASSERT_TRUE(heartbeat.remove(old));
    const SessionNumber fresh = heartbeat.add();
    EXPECT_EQ(slot_of(fresh), slot_of(old));
    EXPECT_NE(fresh, old);
    EXPECT_FALSE(heartbeat.pong(old, heard.pings[0].value));
    EXPECT_FALSE(heartbeat.pong(fresh, heard.pings[0].value));
    EXPECT_FALSE(heartbeat.lives(old));
    EXPECT_FALSE(heartbeat.remove(old));
    pass(25s);
    heartbeat.touch(old);
    EXPECT_GE(heartbeat.silence(fresh), 24s) << "the old one's beat is not the new one's";
}

TEST_F(HeartbeatTest, APongWithAnotherValueIsNone) {
    const SessionNumber session = heartbeat.add();
    pass(34s);
    EXPECT_FALSE(heartbeat.pong(session, heard.pings.at(0).value + 1));
    EXPECT_FALSE(heartbeat.pong(session, 0));
    EXPECT_TRUE(heartbeat.pong(session, heard.pings.at(0).value));
    EXPECT_FALSE(heartbeat.pong(session, heard.pings.at(0).value)) << "once";
}

TEST_F(HeartbeatTest, FreeSlotsAndForgedNumbersAreNoSessions) {
    const SessionNumber session = heartbeat.add();
    heartbeat.remove(session);
    EXPECT_FALSE(heartbeat.lives(session + (std::uint64_t{1} << 32U)));
    EXPECT_FALSE(heartbeat.lives(0));
    EXPECT_FALSE(heartbeat.lives(0xFFFFFFFFFFFFFFFF));
    EXPECT_EQ(heartbeat.ping(session), 0u);
}

TEST_F(HeartbeatTest, ItHoldsAsManyAsItWasMadeFor) {
    Heartbeat small({}, 2, start, first_value);
    const SessionNumber first = small.add();
    EXPECT_NE(small.add(), 0u);
    EXPECT_EQ(small.add(), 0u);
    small.remove(first);
    EXPECT_NE(small.add(), 0u);
}

// Reference, section 8, weakness 20: pings were serial, and three silent agents took thrice as long
// as one.
TEST_F(HeartbeatTest, Weakness20PingsAreParallelAndSilentAgentsAreLostTogether) {
    for (int i = 0; i < 1000; ++i) {
        heartbeat.add();
    }
    pass(92s);
    ASSERT_EQ(heard.losses.size(), 1000u);
    EXPECT_LE(since_start(heard.losses.back().second), 90s + 3 * heartbeat.resolution());
}

// The same: joins in the middle of a round made upstream throw the round away.
TEST_F(HeartbeatTest, Weakness20ADeadAgentIsNoticedWhileOthersJoin) {
    const SessionNumber dead = heartbeat.add();
    for (int i = 0; i < 92; ++i) {
        heartbeat.add();
        pass(1s);
    }
    const auto lost = std::find_if(heard.losses.begin(), heard.losses.end(),
                                   [&](const auto& loss) { return loss.first == dead; });
    ASSERT_NE(lost, heard.losses.end());
    EXPECT_LE(since_start(lost->second), 90s + 3 * heartbeat.resolution());
}

TEST_F(HeartbeatTest, ATickCostsWhatIsDue) {
    std::vector<SessionNumber> sessions;
    for (int i = 0; i < 100'000; ++i) {
        sessions.push_back(heartbeat.add());
    }
    // Each beats every second for ten minutes; each is looked at about every 30 seconds.
    for (int i = 0; i < 600; ++i) {
        for (const SessionNumber session : sessions) {
            heartbeat.touch(session);
        }
        pass(1s);
    }
    EXPECT_TRUE(heard.pings.empty());
    EXPECT_LE(heartbeat.looked_at(), 100'000u * 22);
    EXPECT_GE(heartbeat.looked_at(), 100'000u * 17);
}

TEST_F(HeartbeatTest, ALongStallLosesNothingOfTheWheel) {
    for (int i = 0; i < 100; ++i) {
        heartbeat.add();
    }
    heard.now += 10'000'000'000'000;
    heartbeat.tick(heard.now, heard);
    EXPECT_EQ(heard.losses.size(), 100u);
    heartbeat.add();
    pass(34s);
    EXPECT_EQ(heard.pings.size(), 1u);
}

TEST_F(HeartbeatTest, ARestingSessionIsNotWatched) {
    const SessionNumber session = heartbeat.add();
    heartbeat.rest(session);
    pass(200s);
    EXPECT_TRUE(heard.pings.empty());
    EXPECT_TRUE(heartbeat.lives(session));
    EXPECT_TRUE(heartbeat.remove(session));
}

TEST_F(HeartbeatTest, TimesOfAFewMillisecondsWork) {
    Heartbeat quick({.interval = 20ms, .timeout = 50ms}, 10, start, first_value);
    heard.heartbeat = &quick;
    quick.add();
    for (std::uint64_t at = start; at <= start + 60'000'000; at += 1'000'000) {
        heard.now = at;
        quick.tick(at, heard);
    }
    EXPECT_EQ(heard.pings.size(), 2u);
    ASSERT_EQ(heard.losses.size(), 1u);
    EXPECT_GE(since_start(heard.losses[0].second), 50ms);
    EXPECT_LE(since_start(heard.losses[0].second), 53ms);
}

TEST_F(HeartbeatTest, BeatsComeFromAnyThread) {
    std::vector<SessionNumber> sessions;
    for (int i = 0; i < 64; ++i) {
        sessions.push_back(heartbeat.add());
    }
    std::atomic<bool> ended{false};
    std::thread other([&] {
        while (!ended.load()) {
            for (const SessionNumber session : sessions) {
                heartbeat.touch(session);
            }
        }
    });
    // Their slots are used by others meanwhile.
    std::vector<SessionNumber> current = sessions;
    for (std::size_t i = 0; i < 300; ++i) {
        pass(heartbeat.resolution() / 2);
        SessionNumber& victim = current[i % current.size()];
        heartbeat.remove(victim);
        victim = heartbeat.add();
    }
    ended.store(true);
    other.join();
    EXPECT_EQ(heartbeat.size(), 64u);
}

}  // namespace
}  // namespace patchbay::identity
