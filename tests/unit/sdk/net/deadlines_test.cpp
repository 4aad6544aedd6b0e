// SPDX-License-Identifier: Apache-2.0
/// \file
/// Deadlines on the lane of an instance, which does what it is called for.
#include <patchbay/async_connection.hpp>
#include <patchbay/net/deadlines.hpp>
#include <patchbay/registration.hpp>
#include <patchbay/testing/host_double.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace patchbay::net {
namespace {

using namespace std::chrono_literals;

/// Somebody with a name who waits.
struct Waiter final : Deadline {
    Waiter(std::string who, std::string& log) : name(std::move(who)), fired(log) {}
    void on_deadline() noexcept override {
        EXPECT_FALSE(is_waiting());
        fired += name;
        if (then) {
            then();
        }
    }
    std::string name;
    std::string& fired;
    std::function<void()> then;
};

/// Calls: "start NAME" with seconds, "cancel NAME", "drop NAME", "again NAME" with seconds (it
/// starts anew whenever its time is up), "fired".
class Waiting final : public Connection {
  public:
    explicit Waiting(Host& host) : Connection(host), clock_(host) {}

    void on_lane_start(Lane& lane) override {
        deadlines_ = std::make_unique<Deadlines>(lane, clock_, 7);
    }
    void on_lane_stop(Lane& /*lane*/) override {
        waiters_.clear();
        deadlines_.reset();
    }
    void on_timer(Lane& /*lane*/, std::uint64_t token) override {
        EXPECT_EQ(token, 7U);
        ++timers_;
        deadlines_->on_timer();
    }
    Awaitable<Result<std::string>> on_call(std::string method, std::string arguments) override {
        deadlines_->refresh();
        if (method == "fired") {
            co_return std::exchange(fired_, {});
        }
        if (method == "timers") {
            co_return std::to_string(timers_);
        }
        const std::string name = method.substr(method.find(' ') + 1);
        Waiter& waiter =
            *waiters_.try_emplace(name, std::make_unique<Waiter>(name, fired_)).first->second;
        if (method.starts_with("cancel")) {
            waiter.cancel();
        } else if (method.starts_with("drop")) {
            waiters_.erase(name);
        } else {
            DeadlineQueue& queue = deadlines_->queue(std::chrono::seconds(std::stoi(arguments)));
            EXPECT_EQ(&queue, &deadlines_->queue(queue.limit()));
            queue.start(waiter);
            EXPECT_EQ(waiter.is_waiting(), queue.limit() != 0s);
            if (method.starts_with("again")) {
                waiter.then = [&queue, &waiter] { queue.start(waiter); };
            }
        }
        co_return "";
    }

  private:
    Clock clock_;
    std::unique_ptr<Deadlines> deadlines_;
    std::string fired_;
    int timers_ = 0;
    std::map<std::string, std::unique_ptr<Waiter>> waiters_;
};

struct DeadlinesTest : ::testing::Test {
    void SetUp() override { ASSERT_TRUE(host.connect()); }
    void start(const std::string& name, int seconds) {
        ASSERT_TRUE(host.call("start " + name, std::to_string(seconds)));
    }
    void tell(const std::string& what) { ASSERT_TRUE(host.call(what, "")); }
    /// Whose time was up, in order, after the clock went on.
    std::string fired_after(std::chrono::nanoseconds time) {
        host.advance(time);
        return host.call("fired", "").value();
    }

    testing::HostDouble host{connection_class<Waiting>("Waiting")};
};

TEST_F(DeadlinesTest, TimeIsUpAtTheLimitAndNotBefore) {
    start("a", 10);
    EXPECT_EQ(fired_after(10s - 1ns), "");
    EXPECT_EQ(fired_after(1ns), "a");
    EXPECT_EQ(fired_after(1h), "");
}

TEST_F(DeadlinesTest, ThoseOfOneLimitGoInTheOrderOfTheirBeginning) {
    start("a", 10);
    start("b", 10);
    EXPECT_EQ(fired_after(5s), "");
    start("c", 10);
    EXPECT_EQ(fired_after(5s), "ab");
    EXPECT_EQ(fired_after(5s), "c");
}

TEST_F(DeadlinesTest, AShorterLimitThatBeginsLaterIsInTime) {
    start("long", 100);
    start("short", 10);
    EXPECT_EQ(fired_after(10s), "short");
    EXPECT_EQ(fired_after(90s), "long");
}

TEST_F(DeadlinesTest, BeginningAnewForgetsTheBeginningBefore) {
    start("a", 10);
    start("b", 10);
    EXPECT_EQ(fired_after(6s), "");
    start("a", 10);
    EXPECT_EQ(fired_after(4s), "b");
    start("a", 3);  // in another queue
    EXPECT_EQ(fired_after(3s), "a");
    EXPECT_EQ(fired_after(1h), "");
}

TEST_F(DeadlinesTest, WhoIsCancelledOrGoneWaitsNoLonger) {
    for (const char* name : {"a", "b", "c", "d", "e"}) {
        start(name, 10);
    }
    tell("cancel a");
    tell("cancel c");
    tell("cancel c");
    tell("drop e");
    EXPECT_EQ(fired_after(10s), "bd");
}

TEST_F(DeadlinesTest, ZeroIsNoLimit) {
    start("a", 10);
    start("a", 0);
    EXPECT_EQ(fired_after(24h), "");
}

TEST_F(DeadlinesTest, WhoBeginsAnewWhenItsTimeIsUpWaitsForTheNext) {
    ASSERT_TRUE(host.call("again a", "10"));
    EXPECT_EQ(fired_after(10s), "a");
    EXPECT_EQ(fired_after(9s), "");
    EXPECT_EQ(fired_after(1s), "a");
    EXPECT_EQ(fired_after(100s), "a") << "once, however much time has passed";
}

TEST_F(DeadlinesTest, OneTimerServesAll) {
    for (int i = 0; i < 100; ++i) {
        start(std::to_string(i), 10);
    }
    EXPECT_EQ(fired_after(10s).size(), 190U);
    EXPECT_EQ(host.call("timers", "").value(), "1");
}

}  // namespace
}  // namespace patchbay::net
