// SPDX-License-Identifier: Apache-2.0
/// \file
/// The four coroutines against a host double: life cycle, sends, cancellation, failures.
#include "connection_fixture.hpp"

#include <boost/asio/this_coro.hpp>

#include <atomic>

namespace patchbay {
namespace {

using testing::Completed;

/// Scripted through the test's variables, which outlive it.
struct Script {
    std::function<Awaitable<Result<void>>(Connection&)> connect;
    std::function<Awaitable<Result<void>>(Connection&)> disconnect;
    std::function<Awaitable<Result<void>>(Connection&, TakenEnvelope)> send;
    std::uint32_t max_in_flight = 1;
    std::atomic<int> destroyed{0};
};
Script* script = nullptr;

class Scripted : public Connection {
  public:
    using Connection::Connection;
    ~Scripted() override { ++script->destroyed; }
    Awaitable<Result<void>> connect() override {
        return script->connect ? script->connect(*this) : Connection::connect();
    }
    Awaitable<Result<void>> disconnect() override {
        return script->disconnect ? script->disconnect(*this) : Connection::disconnect();
    }
    Awaitable<Result<void>> send(TakenEnvelope envelope) override {
        return script->send(*this, envelope);
    }
    std::uint32_t max_in_flight() const override { return script->max_in_flight; }
};

class ConnectionTest : public ::testing::Test {
  protected:
    ConnectionTest() { script = &script_; }
    ~ConnectionTest() override { script = nullptr; }
    Script script_;
};

Awaitable<Result<void>> wait_for_ever(Connection& connection) {
    Timer timer(connection.executor(), std::chrono::hours(24));
    co_await timer.async_wait(use_awaitable);
    co_return success();
}

TEST_F(ConnectionTest, ConnectsSendsAndDisconnects) {
    std::vector<std::string> sent;
    script_.send = [&](Connection& connection, TakenEnvelope envelope) -> Awaitable<Result<void>> {
        EXPECT_TRUE(connection.is_connected());
        EXPECT_TRUE(connection.ensure_connected());
        sent.emplace_back(envelope.message());
        co_return success();
    };
    auto host = make_host<Scripted>();
    ASSERT_TRUE(host->connect());
    const auto tokens = host->push({message("one"), message("two"), message("three")});
    const auto completed = host->wait_for_completions(3);
    ASSERT_TRUE(host->disconnect());
    host->stop();
    EXPECT_EQ(sent, (std::vector<std::string>{"one", "two", "three"}));
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(completed[i].token, tokens[i]);
        EXPECT_EQ(completed[i].status, PATCHBAY_OK);
    }
    EXPECT_EQ(script_.destroyed, 1);
    EXPECT_EQ(host->misbehaviour(), std::vector<std::string>{});
}

TEST_F(ConnectionTest, StateFollowsTheHostsCommands) {
    std::vector<ConnectionState> states;
    script_.connect = [&](Connection& connection) -> Awaitable<Result<void>> {
        states.push_back(connection.state());
        EXPECT_EQ(connection.ensure_connected().error().code, "connection.not_connected");
        co_return success();
    };
    script_.disconnect = [&](Connection& connection) -> Awaitable<Result<void>> {
        states.push_back(connection.state());
        co_return success();
    };
    auto host = make_host<Scripted>();
    ASSERT_TRUE(host->connect());
    ASSERT_TRUE(host->disconnect());
    ASSERT_TRUE(host->connect());  // connect and disconnect may alternate
    ASSERT_TRUE(host->disconnect());
    EXPECT_EQ(states, (std::vector<ConnectionState>{
                          ConnectionState::connecting, ConnectionState::disconnecting,
                          ConnectionState::connecting, ConnectionState::disconnecting}));
}

TEST_F(ConnectionTest, FailedAndThrowingConnectFailTheOperation) {
    int calls = 0;
    script_.connect = [&](Connection&) -> Awaitable<Result<void>> {
        switch (++calls) {
            case 1:
                co_return failure(ErrorClass::overloaded, "test.busy", "Try later.");
            case 2:
                throw std::runtime_error("no network");
            case 3:
                throw 42;
            default:
                co_return success();
        }
    };
    auto host = make_host<Scripted>();
    auto result = host->connect();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "test.busy");
    EXPECT_EQ(result.error().error_class, ErrorClass::overloaded);
    result = host->connect();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "connect: no network");
    result = host->connect();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "exception");
    EXPECT_TRUE(host->connect());
}

TEST_F(ConnectionTest, HangingConnectIsCancelledAtTheHostsLimit) {
    script_.connect = [](Connection& connection) { return wait_for_ever(connection); };
    testing::HostOptions options;
    options.connect_limit = std::chrono::milliseconds(20);
    auto host = make_host<Scripted>(options);
    const auto result = host->connect();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "operation.cancelled");
    script_.connect = nullptr;
    EXPECT_TRUE(host->connect());
}

TEST_F(ConnectionTest, DisconnectEndsAConnectThatHangs) {
    std::atomic<bool> entered{false};
    script_.connect = [&](Connection& connection) {
        entered = true;
        return wait_for_ever(connection);
    };
    auto host = make_host<Scripted>();
    host->begin_connect();
    host->wait_until([&] { return entered.load(); }, "connect to begin");
    host->begin_disconnect();
    EXPECT_TRUE(host->wait_for_operation());
}

TEST_F(ConnectionTest, FailedAndThrowingSendsReachTheHost) {
    script_.send = [&](Connection&, TakenEnvelope envelope) -> Awaitable<Result<void>> {
        if (envelope.message() == "fail") {
            co_return failure(ErrorClass::disconnected, "peer.gone", "The peer has gone.");
        }
        if (envelope.message() == "throw") {
            throw std::runtime_error("broken pipe");
        }
        throw 'x';
    };
    auto host = make_host<Scripted>();
    ASSERT_TRUE(host->connect());
    host->push({message("fail"), message("throw"), message("other")});
    const auto completed = host->wait_for_completions(3);
    EXPECT_EQ(completed[0].status, PATCHBAY_DISCONNECTED);
    EXPECT_EQ(completed[0].code, "peer.gone");
    EXPECT_EQ(completed[0].text, "The peer has gone.");
    EXPECT_EQ(completed[1].status, PATCHBAY_FAILED);
    EXPECT_EQ(completed[1].text, "send: broken pipe");
    EXPECT_EQ(completed[2].code, "exception");
}

/// Sends that wait until the test lets them go.
struct Gate {
    std::mutex mutex;
    std::vector<std::string> started;
    std::vector<Timer*> waiting;
    bool open = false;
};

Awaitable<Result<void>> pass(Gate& gate, Connection& connection, TakenEnvelope envelope) {
    Timer timer(connection.executor(), std::chrono::hours(24));
    {
        const std::lock_guard lock(gate.mutex);
        gate.started.emplace_back(envelope.message());
        gate.waiting.push_back(&timer);
    }
    boost::system::error_code ignored;
    while (!gate.open) {
        co_await timer.async_wait(boost::asio::redirect_error(use_awaitable, ignored));
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        if (state.cancelled() != boost::asio::cancellation_type::none) {
            co_return failure(ErrorClass::failed, "test.cancelled", "cancelled");
        }
    }
    co_return success();
}

std::size_t started(Gate& gate) {
    const std::lock_guard lock(gate.mutex);
    return gate.started.size();
}

TEST_F(ConnectionTest, MaxInFlightBoundsUncompletedSendsAndTheyStartInOrder) {
    Gate gate;
    Connection* connection = nullptr;
    script_.max_in_flight = 3;
    script_.send = [&](Connection& self, TakenEnvelope envelope) {
        connection = &self;
        return pass(gate, self, envelope);
    };
    auto host = make_host<Scripted>();
    ASSERT_TRUE(host->connect());
    const auto before = host->sleeps();
    host->push({message("1"), message("2"), message("3"), message("4"), message("5")});
    host->wait_until([&] { return started(gate) == 3; }, "three sends");
    // The lane sleeps although its mailbox is not empty, and wakes for a signal.
    host->wait_for_sleep(before);
    EXPECT_EQ(started(gate), 3u);
    EXPECT_EQ(connection->lane().in_flight(), 3u);
    boost::asio::post(connection->executor(), [&] {
        gate.open = true;
        const std::lock_guard lock(gate.mutex);
        for (Timer* timer : gate.waiting) {
            timer->cancel();
        }
    });
    host->wait_for_completions(5);
    EXPECT_EQ(gate.started, (std::vector<std::string>{"1", "2", "3", "4", "5"}));
    EXPECT_EQ(host->misbehaviour(), std::vector<std::string>{});
}

TEST_F(ConnectionTest, TheOperatorsMaxInFlightOverridesTheClass) {
    Gate gate;
    script_.max_in_flight = 100;
    script_.send = [&](Connection& self, TakenEnvelope envelope) {
        return pass(gate, self, envelope);
    };
    testing::HostOptions options;
    options.max_in_flight = 1;
    auto host = make_host<Scripted>(options);
    ASSERT_TRUE(host->connect());
    const auto tokens = host->push({message("1"), message("2")});
    host->wait_until([&] { return started(gate) == 1; }, "a send");
    host->wait_for_sleep(host->sleeps() == 0 ? 0 : host->sleeps() - 1);
    EXPECT_EQ(started(gate), 1u);
    host->cancel(tokens[0]);
    host->wait_until([&] { return started(gate) == 2; }, "the next send");
    host->cancel(tokens[1]);
    const auto completed = host->wait_for_completions(2);
    EXPECT_EQ(completed[0].code, "test.cancelled");
    EXPECT_EQ(completed[1].code, "test.cancelled");
}

TEST_F(ConnectionTest, DisconnectWaitsForSendsThenCancelsThem) {
    Gate gate;
    script_.max_in_flight = 2;
    script_.send = [&](Connection& self, TakenEnvelope envelope) {
        return pass(gate, self, envelope);
    };
    bool all_ended = false;
    script_.disconnect = [&](Connection& self) -> Awaitable<Result<void>> {
        all_ended = self.lane().in_flight() == 0;
        co_return success();
    };
    testing::HostOptions options;
    options.disconnect_limit = std::chrono::seconds(1);
    auto host = make_host<Scripted>(options);
    ASSERT_TRUE(host->connect());
    host->push({message("1"), message("2")});
    host->wait_until([&] { return started(gate) == 2; }, "two sends");
    EXPECT_TRUE(host->disconnect());
    EXPECT_TRUE(all_ended);
    EXPECT_EQ(host->wait_for_completions(2)[1].code, "test.cancelled");
    host->wait_for_log("disconnecting while 2 sends");
}

TEST_F(ConnectionTest, StopWithoutDisconnectCompletesEverything) {
    Gate gate;
    script_.max_in_flight = 2;
    script_.send = [&](Connection& self, TakenEnvelope envelope) {
        return pass(gate, self, envelope);
    };
    auto host = make_host<Scripted>();
    ASSERT_TRUE(host->connect());
    host->push({message("1"), message("2")});
    host->wait_until([&] { return started(gate) == 2; }, "two sends");
    host->stop();
    EXPECT_EQ(host->completions().size(), 2u);
    EXPECT_EQ(script_.destroyed, 1);
    EXPECT_EQ(host->misbehaviour(), std::vector<std::string>{});
}

TEST_F(ConnectionTest, ACoroutineThatIgnoresCancellationIsDestroyedWithTheLane) {
    struct Stubborn {
        std::atomic<int>& count;
        ~Stubborn() { ++count; }
    };
    std::atomic<int> destroyed{0};
    std::atomic<bool> entered{false};
    script_.send = [&](Connection& self, TakenEnvelope) -> Awaitable<Result<void>> {
        const Stubborn stubborn{destroyed};
        entered = true;
        co_await boost::asio::this_coro::reset_cancellation_state(
            boost::asio::disable_cancellation());
        Timer timer(self.executor(), std::chrono::hours(24));
        co_await timer.async_wait(use_awaitable);
        co_return success();
    };
    auto host = make_host<Scripted>();
    ASSERT_TRUE(host->connect());
    host->push(message("1"));
    host->wait_until([&] { return entered.load(); }, "the send to begin");
    host->stop();
    EXPECT_EQ(destroyed, 1);
    ASSERT_EQ(host->completions().size(), 1u);
    EXPECT_EQ(host->completions()[0].code, "lane.ended");
    host->wait_for_log("did not end when they were cancelled");
}

TEST_F(ConnectionTest, SpawnedTasksEndWithTheConnection) {
    std::atomic<int> ended{0};
    script_.connect = [&](Connection& self) -> Awaitable<Result<void>> {
        self.spawn("ticker",
                   [](Connection& connection, std::atomic<int>& count) -> Awaitable<void> {
                       try {
                           co_await wait_for_ever(connection);
                       } catch (const boost::system::system_error&) {
                           ++count;
                           throw;
                       }
                   }(self, ended));
        self.spawn("broken", []() -> Awaitable<void> {
            throw std::runtime_error("lost its way");
            co_return;
        }());
        co_return success();
    };
    auto host = make_host<Scripted>();
    ASSERT_TRUE(host->connect());
    host->wait_for_log("broken: lost its way");
    ASSERT_TRUE(host->disconnect());
    EXPECT_EQ(ended, 1);
}

TEST_F(ConnectionTest, ReportsALostConnection) {
    script_.send = [&](Connection& self, TakenEnvelope) -> Awaitable<Result<void>> {
        self.connection_lost({ErrorClass::disconnected, "peer.reset", "Reset by peer."});
        co_return success();
    };
    auto host = make_host<Scripted>();
    ASSERT_TRUE(host->connect());
    host->push(message("1"));
    host->wait_for_lost(1);
    EXPECT_EQ(host->lost(), std::vector<std::string>{"peer.reset"});
}

TEST(ExternalEnvelopes, AreThoseBetweenAddresses) {
    EXPECT_TRUE(ensure_external({"alice", "bob", "fetchai/default:1.0.0", "", "", ""}));
    EXPECT_FALSE(ensure_external({"some/skill:0.1.0", "bob", "fetchai/default:1.0.0", "", "", ""}));
    EXPECT_EQ(ensure_external({"alice", "some/skill:0.1.0", "fetchai/default:1.0.0", "", "", ""})
                  .error()
                  .code,
              "envelope.not_for_outside");
}

class ThrowsInConstructor : public Connection {
  public:
    explicit ThrowsInConstructor(Host& host) : Connection(host) {
        static_cast<void>(config().get<std::string>("needed"));
    }
};

class ThrowsNoStandardException : public Connection {
  public:
    explicit ThrowsNoStandardException(Host& host) : Connection(host) { throw 1; }
};

TEST(Creation, FailsWithTheConstructorsReason) {
    const auto host = make_host<ThrowsInConstructor>();
    ASSERT_FALSE(host->creation());
    EXPECT_EQ(host->creation().error().code, "config.missing");
    EXPECT_EQ(host->creation().error().message, "The config key 'needed' is required.");
    EXPECT_EQ(host->creation().error().error_class, ErrorClass::invalid);
    EXPECT_FALSE(make_host<ThrowsNoStandardException>()->creation());
}

/// Uses batches, and completes them later and from another thread.
class Batches : public Connection {
  public:
    using Connection::Connection;
    void on_batch(Lane& lane, std::span<const TakenEnvelope> batch) override {
        if (batch[0].message() == "throw") {
            throw std::runtime_error("no");
        }
        std::vector<std::uint64_t> tokens;
        for (const TakenEnvelope& envelope : batch) {
            tokens.push_back(envelope.token());
        }
        auto thread = Thread::start(host().abi(), "completer", [&lane, tokens] {
            lane.complete(std::span<const std::uint64_t>(tokens));
        });
        ASSERT_TRUE(thread);
        thread->abandon();
    }
    std::uint32_t max_in_flight() const override { return 4; }
};

TEST(OnBatch, CompletionsFromOtherThreadsMakeRoomForTheNext) {
    auto host = make_host<Batches>();
    ASSERT_TRUE(host->connect());
    std::vector<Envelope> envelopes(50, message("x"));
    host->push(envelopes);
    host->wait_for_completions(50);
    host->push(message("throw"));
    EXPECT_EQ(host->wait_for_completions(51).back().code, "on_batch.exception");
    host->push(message("y"));
    host->wait_for_completions(52);
    EXPECT_EQ(host->misbehaviour(), std::vector<std::string>{});
    ASSERT_TRUE(host->disconnect());
}

/// k lanes, each answering on itself.
class Lanes : public Connection {
  public:
    using Connection::Connection;
    std::uint32_t lane_count() const override { return 3; }
    void on_batch(Lane& lane, std::span<const TakenEnvelope> batch) override {
        for (const TakenEnvelope& envelope : batch) {
            const std::string text = std::to_string(lane.index());
            EnvelopeView answer{"out", "lanes", envelope.protocol_id(), text, "", ""};
            patchbay_envelope abi = Delivery::reply(envelope, answer).to_abi();
            patchbay_delivery result{};
            EXPECT_EQ(lane.try_deliver({&abi, 1}, {&result, 1}), PATCHBAY_OK);
            lane.complete(envelope.token());
        }
    }
};

TEST(Lanes, EachHasItsMailboxAndItsThread) {
    testing::HostOptions options;
    options.lane_limit = 2;
    auto host = make_host<Lanes>(options);
    ASSERT_EQ(host->lane_count(), 2u);  // the operator's limit
    ASSERT_TRUE(host->connect());
    host->push(message("x"), 0);
    host->push(message("x"), 1);
    auto made = host->wait_for_deliveries(2);
    host->wait_for_completions(2);
    std::sort(made.begin(), made.end(),
              [](const auto& a, const auto& b) { return a.lane < b.lane; });
    EXPECT_EQ(made[0].envelope.message, "0");
    EXPECT_EQ(made[1].envelope.message, "1");
    EXPECT_NE(made[0].thread, made[1].thread);
    ASSERT_TRUE(host->disconnect());
}

}  // namespace
}  // namespace patchbay
