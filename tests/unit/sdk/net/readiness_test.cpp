// SPDX-License-Identifier: Apache-2.0
#include "socket_pair.hpp"

#include <patchbay/net/readiness.hpp>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::net {
namespace {

struct Watcher final : Readiness {
    void on_ready(ReadyFor what) noexcept override {
        calls.push_back(what);
        if (then) {
            then();
        }
    }
    std::vector<ReadyFor> calls;
    std::function<void()> then;
};

struct ReadinessSetTest : ::testing::Test {
    /// What is ready now, and nothing more.
    void run() {
        context.restart();
        context.poll();
    }
    static std::string read(const Descriptor& from) {
        std::array<char, 64> buffer{};
        const auto got = ::recv(from.get(), buffer.data(), buffer.size(), 0);
        return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    }

    boost::asio::io_context context;
    int turns = 0;
    std::optional<ReadinessSet> set{std::in_place, context.get_executor(), [this] { ++turns; }};
    SocketPair pair;
    Watcher watcher;
};

TEST_F(ReadinessSetTest, TellsOnceWhatASocketIsReadyForAndThenWhatIsNew) {
    ASSERT_TRUE(set->add(pair.near.get(), watcher));
    run();
    ASSERT_EQ(watcher.calls.size(), 1U);
    EXPECT_TRUE(watcher.calls[0].writing);
    EXPECT_FALSE(watcher.calls[0].reading || watcher.calls[0].broken || watcher.calls[0].ended);
    run();
    EXPECT_EQ(watcher.calls.size(), 1U);
    pair.say("a");
    run();
    ASSERT_EQ(watcher.calls.size(), 2U);
    EXPECT_TRUE(watcher.calls[1].reading);
    run();
    EXPECT_EQ(watcher.calls.size(), 2U) << "what was not read is not told again";
    pair.say("b");
    run();
    EXPECT_EQ(watcher.calls.size(), 3U);
    EXPECT_EQ(read(pair.near), "ab");
}

TEST_F(ReadinessSetTest, TellsOfAnEndTogetherWithTheLastBytes) {
    ASSERT_TRUE(set->add(pair.near.get(), watcher));
    run();
    pair.say("last");
    ::shutdown(pair.far.get(), SHUT_WR);
    run();
    ASSERT_EQ(watcher.calls.size(), 2U);
    EXPECT_TRUE(watcher.calls[1].reading && watcher.calls[1].ended);
    EXPECT_FALSE(watcher.calls[1].broken);
    pair.far = Descriptor();
    run();
    ASSERT_EQ(watcher.calls.size(), 3U);
    EXPECT_TRUE(watcher.calls[2].broken);
}

TEST_F(ReadinessSetTest, EndsATurnOnceForAllThatWasReady) {
    std::vector<SocketPair> pairs(500);  // more than one look
    std::vector<Watcher> watchers(pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        ASSERT_TRUE(set->add(pairs[i].near.get(), watchers[i]));
    }
    run();
    for (const Watcher& one : watchers) {
        EXPECT_EQ(one.calls.size(), 1U);
    }
    EXPECT_EQ(turns, 1);
}

TEST_F(ReadinessSetTest, DoesNotCallWhoWasRemovedInTheSameTurn) {
    SocketPair other;
    Watcher others;
    // Whoever is called first removes the other.
    watcher.then = [&] { set->remove(other.near.get(), others); };
    others.then = [&] { set->remove(pair.near.get(), watcher); };
    ASSERT_TRUE(set->add(pair.near.get(), watcher));
    ASSERT_TRUE(set->add(other.near.get(), others));
    run();
    EXPECT_EQ(watcher.calls.size() + others.calls.size(), 1U);
}

TEST_F(ReadinessSetTest, MayLoseTheOneThatIsCalled) {
    watcher.then = [&] {
        set->remove(pair.near.get(), watcher);
        pair.near = Descriptor();
    };
    ASSERT_TRUE(set->add(pair.near.get(), watcher));
    run();
    pair.say("unheard");
    run();
    EXPECT_EQ(watcher.calls.size(), 1U);
}

TEST_F(ReadinessSetTest, FailsForWhatCannotBeWatched) {
    const auto added = set->add(-1, watcher);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, "readiness.not_added");
}

TEST_F(ReadinessSetTest, TellsOfAListenerAsLongAsSomebodyWaits) {
    const Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(::bind(listener.get(), any, size), 0);
    ASSERT_EQ(::listen(listener.get(), 8), 0);
    ASSERT_EQ(::getsockname(listener.get(), any, &size), 0);
    ASSERT_TRUE(set->add_listener(listener.get(), watcher));
    const Descriptor client(::socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(::connect(client.get(), any, size), 0);
    const auto told = [&] {
        const std::size_t before = watcher.calls.size();
        context.restart();
        context.poll_one();
        context.poll_one();
        return watcher.calls.size() != before;
    };
    EXPECT_TRUE(told());
    EXPECT_TRUE(told());
    const Descriptor accepted(::accept(listener.get(), nullptr, nullptr));
    EXPECT_TRUE(accepted);
    told();
    EXPECT_FALSE(told());
    set->remove(listener.get(), watcher);
}

TEST_F(ReadinessSetTest, ARequestedTurnComesOnce) {
    set->request_turn();
    set->request_turn();
    EXPECT_EQ(turns, 0);
    run();
    EXPECT_EQ(turns, 1);
    run();
    EXPECT_EQ(turns, 1);
    set->request_turn();
    run();
    EXPECT_EQ(turns, 2);
}

TEST_F(ReadinessSetTest, NothingIsCalledAfterItHasGone) {
    ASSERT_TRUE(set->add(pair.near.get(), watcher));
    pair.say("a");
    context.poll_one();  // the wait has begun, and may have succeeded
    const std::size_t calls = watcher.calls.size();
    const int before = turns;
    set->request_turn();
    set.reset();
    run();
    EXPECT_EQ(watcher.calls.size(), calls);
    EXPECT_EQ(turns, before);
}

}  // namespace
}  // namespace patchbay::net
