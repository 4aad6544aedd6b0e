// SPDX-License-Identifier: Apache-2.0
/// \file
/// How `receive` is called: again and again while connected, without storms, without loss.
#include "backoff.hpp"
#include "connection_fixture.hpp"

#include <atomic>

namespace patchbay {
namespace {

using namespace std::chrono_literals;

struct ReceiveScript {
    std::function<Awaitable<std::optional<Envelope>>(Connection&)> receive;
    std::uint32_t held_limit = 4;
};
ReceiveScript* receive_script = nullptr;

class Receiver : public Connection {
  public:
    using Connection::Connection;
    Awaitable<std::optional<Envelope>> receive() override { return receive_script->receive(*this); }
    Awaitable<Result<void>> send(TakenEnvelope) override { co_return success(); }
    std::uint32_t held_limit() const override { return receive_script->held_limit; }
};

class ReceiveTest : public ::testing::Test {
  protected:
    ReceiveTest() { receive_script = &script_; }
    ~ReceiveTest() override { receive_script = nullptr; }
    ReceiveScript script_;
};

Awaitable<std::optional<Envelope>> nothing_more(Connection& connection) {
    Timer timer(connection.executor(), 24h);
    co_await timer.async_wait(use_awaitable);
    co_return std::nullopt;
}

TEST_F(ReceiveTest, ItsEnvelopesAreDeliveredInOrder) {
    int next = 0;
    script_.receive = [&](Connection& self) -> Awaitable<std::optional<Envelope>> {
        if (next == 1000) {
            co_return co_await nothing_more(self);
        }
        co_return message(std::to_string(next++));
    };
    auto host = make_host<Receiver>();
    EXPECT_EQ(host->sleeps(), 0u);
    ASSERT_TRUE(host->connect());
    host->push(message("the mailbox is taken too"));
    const auto made = host->wait_for_deliveries(1000);
    host->wait_for_completions(1);
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(made[static_cast<std::size_t>(i)].envelope.message, std::to_string(i));
    }
    ASSERT_TRUE(host->disconnect());
    EXPECT_EQ(host->misbehaviour(), std::vector<std::string>{});
}

TEST_F(ReceiveTest, ThrowingCallsAreSpacedOutAndReported) {
    std::atomic<int> calls{0};
    script_.receive = [&](Connection&) -> Awaitable<std::optional<Envelope>> {
        ++calls;
        throw std::runtime_error("socket closed");
        co_return std::nullopt;
    };
    auto host = make_host<Receiver>();
    ASSERT_TRUE(host->connect());
    host->wait_for_log("receive: socket closed [exception] (failure 2 in a row");
    EXPECT_LT(calls, 10);  // upstream's storm makes 50,000 a second
    EXPECT_GE(host->metrics().at("receive_failures"), 2);
    ASSERT_TRUE(host->disconnect());
}

TEST_F(ReceiveTest, OneFailureDoesNotEndIt) {
    int calls = 0;
    script_.receive = [&](Connection& self) -> Awaitable<std::optional<Envelope>> {
        if (++calls == 1) {
            throw 5;
        }
        if (calls == 2) {
            co_return message("after");
        }
        co_return co_await nothing_more(self);
    };
    auto host = make_host<Receiver>();
    ASSERT_TRUE(host->connect());
    EXPECT_EQ(host->wait_for_deliveries(1)[0].envelope.message, "after");
}

TEST_F(ReceiveTest, NothingAtOnceIsSpacedOutAndReported) {
    script_.receive = [](Connection&) -> Awaitable<std::optional<Envelope>> {
        co_return std::nullopt;
    };
    auto host = make_host<Receiver>();
    ASSERT_TRUE(host->connect());
    host->wait_for_log("receive gave nothing at once");
    host->push(message("x"));
    host->wait_for_completions(1);
    ASSERT_TRUE(host->disconnect());
}

TEST_F(ReceiveTest, IsNotCalledWhileTooManyWaitForRoomAndNothingIsLost) {
    std::atomic<int> calls{0};
    script_.receive = [&](Connection& self) -> Awaitable<std::optional<Envelope>> {
        if (calls == 20) {
            co_return co_await nothing_more(self);
        }
        const int number = calls++;
        co_return message(std::to_string(number), number % 2 == 0 ? "slow" : "fast");
    };
    auto host = make_host<Receiver>();
    host->fill("slow");
    ASSERT_TRUE(host->connect());
    host->wait_until([&] { return calls == 7; }, "four held");
    host->push(message("the mailbox is taken meanwhile"));
    host->wait_for_completions(1);
    EXPECT_EQ(calls, 7);
    EXPECT_EQ(host->deliveries().size(), 3u);  // those to "fast" went on
    host->make_room("slow");
    const auto made = host->wait_for_deliveries(20);
    std::vector<int> slow;
    for (const auto& one : made) {
        if (one.envelope.to == "slow") {
            slow.push_back(std::stoi(one.envelope.message));
        }
    }
    EXPECT_TRUE(std::is_sorted(slow.begin(), slow.end()));
    EXPECT_EQ(slow.size(), 10u);
}

TEST_F(ReceiveTest, IsCalledAgainAfterAReconnectAndOnlyWhileConnected) {
    std::atomic<int> waiting{0};
    script_.receive = [&](Connection& self) -> Awaitable<std::optional<Envelope>> {
        EXPECT_TRUE(self.is_connected());
        ++waiting;
        co_return co_await nothing_more(self);
    };
    auto host = make_host<Receiver>();
    ASSERT_TRUE(host->connect());
    host->wait_until([&] { return waiting == 1; }, "receive");
    ASSERT_TRUE(host->disconnect());
    ASSERT_TRUE(host->connect());
    host->wait_until([&] { return waiting == 2; }, "receive");
}

TEST(Backoff, DoublesUpToItsLimitAndReportsEverMoreRarely) {
    detail::Backoff backoff(10ms, 60ms, 2);
    std::vector<std::int64_t> delays;
    std::vector<bool> reports;
    for (int i = 0; i < 8; ++i) {
        delays.push_back(backoff.next().count() / 1'000'000);
        reports.push_back(backoff.report());
    }
    EXPECT_EQ(delays, (std::vector<std::int64_t>{0, 0, 10, 20, 40, 60, 60, 60}));
    EXPECT_EQ(reports, (std::vector<bool>{false, false, true, true, false, true, false, false}));
    for (int i = 0; i < 100'000; ++i) {
        EXPECT_GE(backoff.next(), 60ms);
    }
    backoff.reset();
    EXPECT_EQ(backoff.next(), 0ms);
}

}  // namespace
}  // namespace patchbay
