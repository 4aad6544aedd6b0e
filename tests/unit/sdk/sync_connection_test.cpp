// SPDX-License-Identifier: Apache-2.0
/// \file
/// The synchronous interface, after upstream's tests of BaseSyncConnection.
#include "connection_fixture.hpp"

#include <atomic>
#include <condition_variable>
#include <set>
#include <thread>

namespace patchbay {
namespace {

using namespace std::chrono_literals;

struct SyncScript {
    std::function<Result<void>(BaseSyncConnection&)> on_connect;
    std::function<Result<void>(BaseSyncConnection&)> on_disconnect;
    std::function<Result<void>(BaseSyncConnection&, const TakenEnvelope&)> on_send;
    std::function<void(BaseSyncConnection&)> main;
};
SyncScript* sync_script = nullptr;

class Sync : public BaseSyncConnection {
  public:
    using BaseSyncConnection::BaseSyncConnection;
    Result<void> on_connect() override {
        return sync_script->on_connect ? sync_script->on_connect(*this) : Result<void>{};
    }
    Result<void> on_disconnect() override {
        return sync_script->on_disconnect ? sync_script->on_disconnect(*this) : Result<void>{};
    }
    Result<void> on_send(const TakenEnvelope& envelope) override {
        return sync_script->on_send ? sync_script->on_send(*this, envelope) : Result<void>{};
    }
    void main() override {
        if (sync_script->main) {
            sync_script->main(*this);
        }
    }
};

class SyncConnectionTest : public ::testing::Test {
  protected:
    SyncConnectionTest() { sync_script = &script_; }
    ~SyncConnectionTest() override { sync_script = nullptr; }
    SyncScript script_;
};

/// Where sends wait until the test opens it.
class Barrier {
  public:
    void pass(std::string_view name) {
        std::unique_lock lock(mutex_);
        entered_.emplace_back(name);
        ++inside_;
        most_ = std::max(most_, inside_);
        changed_.wait(lock, [&] { return open_; });
        --inside_;
    }
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    std::vector<std::string> entered() {
        const std::lock_guard lock(mutex_);
        return entered_;
    }
    int most() {
        const std::lock_guard lock(mutex_);
        return most_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    int inside_ = 0;
    int most_ = 0;
    std::vector<std::string> entered_;
};

TEST_F(SyncConnectionTest, SendsRunInParallelOnTheWorkersAndDisconnectWaitsForThem) {
    // Upstream's test_sync_connection: ten sends, three workers, exactly three at a time.
    Barrier barrier;
    std::atomic<int> sent{0};
    std::atomic<bool> disconnected{false};
    std::set<std::thread::id> threads;
    std::mutex mutex;
    script_.on_send = [&](BaseSyncConnection&, const TakenEnvelope& envelope) -> Result<void> {
        barrier.pass(envelope.message());
        const std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
        ++sent;
        return {};
    };
    script_.on_disconnect = [&](BaseSyncConnection&) -> Result<void> {
        EXPECT_EQ(sent, 10);
        disconnected = true;
        return {};
    };
    script_.main = [](BaseSyncConnection& self) {
        EXPECT_TRUE(self.put_envelope(message("from main")));
        while (self.is_connected()) {
            std::this_thread::yield();
        }
    };
    testing::HostOptions options;
    options.max_thread_workers = 3;
    auto host = make_host<Sync>(options);
    ASSERT_TRUE(host->connect());
    EXPECT_EQ(host->wait_for_deliveries(1)[0].envelope.message, "from main");
    std::vector<Envelope> envelopes(10, message("x"));
    host->push(envelopes);
    host->wait_until([&] { return barrier.entered().size() == 3; }, "three sends");
    EXPECT_EQ(sent, 0);
    barrier.open();
    host->wait_for_completions(10);
    EXPECT_EQ(barrier.most(), 3);
    ASSERT_TRUE(host->disconnect());
    EXPECT_TRUE(disconnected);
    EXPECT_LE(threads.size(), 3u);
    host->stop();
    EXPECT_EQ(host->misbehaviour(), std::vector<std::string>{});
}

TEST_F(SyncConnectionTest, FiveWorkersByDefaultAndMainTakesNoneOfThem) {
    Barrier barrier;
    script_.on_send = [&](BaseSyncConnection&, const TakenEnvelope& envelope) -> Result<void> {
        barrier.pass(envelope.message());
        return {};
    };
    script_.main = [](BaseSyncConnection& self) {
        while (self.is_connected()) {
            std::this_thread::yield();
        }
    };
    auto host = make_host<Sync>();
    ASSERT_TRUE(host->connect());
    host->push(std::vector<Envelope>(8, message("x")));
    host->wait_until([&] { return barrier.entered().size() == 5; }, "five sends");
    barrier.open();
    host->wait_for_completions(8);
    EXPECT_EQ(barrier.most(), 5);
}

TEST_F(SyncConnectionTest, OrderedSendsRunOneAtATime) {
    std::atomic<int> inside{0};
    std::vector<std::string> order;
    script_.on_send = [&](BaseSyncConnection&, const TakenEnvelope& envelope) -> Result<void> {
        EXPECT_EQ(++inside, 1);
        order.emplace_back(envelope.message());
        --inside;
        return {};
    };
    testing::HostOptions options;
    options.ordered_sends = true;
    auto host = make_host<Sync>(options);
    ASSERT_TRUE(host->connect());
    std::vector<Envelope> envelopes;
    std::vector<std::string> expected;
    for (int i = 0; i < 50; ++i) {
        expected.push_back(std::to_string(i));
        envelopes.push_back(message(expected.back()));
    }
    host->push(envelopes);
    host->wait_for_completions(50);
    EXPECT_EQ(order, expected);
}

TEST_F(SyncConnectionTest, FailuresOfSendsReachTheHost) {
    script_.on_send = [](BaseSyncConnection&, const TakenEnvelope& envelope) -> Result<void> {
        if (envelope.message() == "throw") {
            throw std::runtime_error("no such host");
        }
        return failure(ErrorClass::overloaded, "rate.limited", "Too many requests.");
    };
    testing::HostOptions options;
    options.ordered_sends = true;
    auto host = make_host<Sync>(options);
    ASSERT_TRUE(host->connect());
    host->push({message("fail"), message("throw")});
    const auto completed = host->wait_for_completions(2);
    EXPECT_EQ(completed[0].code, "rate.limited");
    EXPECT_EQ(completed[0].status, PATCHBAY_OVERLOADED);
    EXPECT_EQ(completed[1].text, "on_send: no such host");
}

TEST_F(SyncConnectionTest, FailedOnConnectFailsTheConnectAndCanBeRepeated) {
    std::atomic<int> calls{0};
    script_.on_connect = [&](BaseSyncConnection& self) -> Result<void> {
        EXPECT_EQ(self.put_envelope(message("too early")).error().code, "connection.not_connected");
        switch (++calls) {
            case 1:
                return failure(ErrorClass::failed, "login.refused", "Wrong password.");
            case 2:
                throw std::runtime_error("boom");
            default:
                return {};
        }
    };
    auto host = make_host<Sync>();
    EXPECT_EQ(host->connect().error().code, "login.refused");
    EXPECT_EQ(host->connect().error().message, "a worker: boom");
    EXPECT_TRUE(host->connect());
    EXPECT_TRUE(host->disconnect());
}

TEST_F(SyncConnectionTest, PutEnvelopeWaitsForRoomOnEveryThread) {
    script_.on_send = [](BaseSyncConnection& self, const TakenEnvelope& envelope) {
        return self.put_reply(envelope, message("answer", "slow").view());
    };
    script_.main = [](BaseSyncConnection& self) {
        EXPECT_TRUE(self.put_envelope(message("from main", "slow")));
    };
    auto host = make_host<Sync>();
    host->fill("slow");
    ASSERT_TRUE(host->connect());
    const auto token = host->push(message("x"));
    host->wait_for_full_answers(4);  // each is tried again on the lane
    EXPECT_TRUE(host->completions().empty());
    host->make_room("slow");
    const auto made = host->wait_for_deliveries(2);
    EXPECT_TRUE(made[0].parent == token || made[1].parent == token);
    EXPECT_EQ(host->wait_for_completions(1)[0].status, PATCHBAY_OK);
    ASSERT_TRUE(host->disconnect());
}

TEST_F(SyncConnectionTest, DisconnectReleasesThoseWhoWaitForRoom) {
    std::atomic<bool> refused{false};
    script_.main = [&](BaseSyncConnection& self) {
        refused = self.put_envelope(message("x", "slow")).error().code == "delivery.disconnected";
    };
    testing::HostOptions options;
    options.disconnect_limit = 1s;
    auto host = make_host<Sync>(options);
    host->fill("slow");
    ASSERT_TRUE(host->connect());
    host->wait_for_full_answers(2);
    ASSERT_TRUE(host->disconnect());
    EXPECT_TRUE(refused);
}

TEST_F(SyncConnectionTest, AMainThatIgnoresTheEndIsReported) {
    std::atomic<bool> release{false};
    std::atomic<bool> disconnected{false};
    script_.main = [&](BaseSyncConnection&) {
        while (!release) {
            std::this_thread::yield();
        }
    };
    script_.on_disconnect = [&](BaseSyncConnection&) -> Result<void> {
        disconnected = true;
        return {};
    };
    testing::HostOptions options;
    options.disconnect_limit = 50ms;
    auto host = make_host<Sync>(options);
    ASSERT_TRUE(host->connect());
    EXPECT_EQ(host->disconnect().error().code, "sync.main_ignores_the_end");
    EXPECT_TRUE(disconnected);  // upstream never calls it then
    host->wait_for_log("did not return although the connection is disconnecting");
    EXPECT_EQ(host->connect().error().code, "sync.main_still_runs");
    release = true;
    host->wait_until([&] { return host->connect().has_value(); }, "main to end");
}

TEST_F(SyncConnectionTest, StopWithoutDisconnectEndsTheThreads) {
    script_.main = [](BaseSyncConnection& self) {
        while (self.is_connected()) {
            std::this_thread::yield();
        }
    };
    auto host = make_host<Sync>();
    ASSERT_TRUE(host->connect());
    host->stop();
}

TEST_F(SyncConnectionTest, AnExceptionInMainIsReported) {
    script_.main = [](BaseSyncConnection&) { throw std::runtime_error("lost the device"); };
    auto host = make_host<Sync>();
    ASSERT_TRUE(host->connect());
    host->wait_for_log("main: lost the device");
    ASSERT_TRUE(host->disconnect());
}

TEST_F(SyncConnectionTest, CallsADependencyAndWaits) {
    script_.on_send = [](BaseSyncConnection& self, const TakenEnvelope&) -> Result<void> {
        const auto answer = self.call_and_wait("test/adder:0.1.0", "add", "1 2");
        if (!answer) {
            return tl::unexpected<Error>(answer.error());
        }
        return self.put_envelope(message(*answer));
    };
    auto host = make_host<Sync>();
    ASSERT_TRUE(host->connect());
    host->push(message("x"));
    EXPECT_EQ(host->wait_for_completions(1)[0].code, "call.undeclared_dependency");
    host->provide("test/adder:0.1.0", [](std::string_view method, std::string_view arguments) {
        return Result<std::string>(std::string(method) + ' ' + std::string(arguments));
    });
    host->push(message("x"));
    EXPECT_EQ(host->wait_for_deliveries(1)[0].envelope.message, "add 1 2");
}

}  // namespace
}  // namespace patchbay
