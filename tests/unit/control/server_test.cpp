// SPDX-License-Identifier: Apache-2.0
#include "control/server.hpp"

#include "control/client.hpp"
#include "control/protocol.hpp"
#include "unit/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>

namespace patchbay::control {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class NoEvents final : public events::EventSink {
  public:
    void publish(events::Event) override {}
    [[nodiscard]] bool wants(events::Level, const std::string&) const override { return false; }
};

/// Items that a test pushes.
struct Feed {
    std::mutex mutex;
    std::deque<int> items;
    std::function<void()> wake;
    bool ended = false;
    std::atomic<int> sources{0};

    void push(int item) {
        const std::lock_guard lock(mutex);
        items.push_back(item);
        if (wake) {
            wake();
        }
    }
    void end() {
        const std::lock_guard lock(mutex);
        ended = true;
        if (wake) {
            wake();
        }
    }
};

class FeedSource final : public Source {
  public:
    explicit FeedSource(Feed& feed) : feed_(feed) { ++feed_.sources; }
    ~FeedSource() override {
        const std::lock_guard lock(feed_.mutex);
        feed_.wake = nullptr;
        --feed_.sources;
    }
    std::vector<json> take(std::size_t maximum) override {
        const std::lock_guard lock(feed_.mutex);
        std::vector<json> items;
        while (!feed_.items.empty() && items.size() < maximum) {
            items.emplace_back(feed_.items.front());
            feed_.items.pop_front();
        }
        return items;
    }
    [[nodiscard]] bool ended() const override {
        const std::lock_guard lock(feed_.mutex);
        return feed_.ended;
    }
    void set_wake(std::function<void()> wake) override {
        const std::lock_guard lock(feed_.mutex);
        feed_.wake = std::move(wake);
    }

  private:
    Feed& feed_;
};

class ControlServerTest : public ::testing::Test {
  protected:
    ControlServerTest() {
        registry.add("add", [](const json& arguments, const auto& reply) {
            reply->result(arguments.at("a").get<int>() + arguments.at("b").get<int>());
        });
        registry.add("refuse", [](const json&, const auto& reply) {
            reply->fail({ErrorClass::overloaded, "test.refused", "Not now.", {}});
        });
        registry.add("forget", [](const json&, const auto&) {});
        registry.add("later", [this](const json&, const auto& reply) {
            later = std::thread([reply] { reply->result("from another thread"); });
        });
        registry.add("never", [this](const json&, const auto& reply) { kept = reply; });
        registry.add("follow", [this](const json&, const auto& reply) {
            reply->stream(std::make_unique<FeedSource>(feed));
        });
    }
    ~ControlServerTest() override {
        server.reset();
        if (later.joinable()) {
            later.join();
        }
    }

    void start() {
        auto started = Server::start(options, registry, events);
        ASSERT_TRUE(started) << started.error().message;
        server = std::move(*started);
    }
    Client client() { return Client::connect(options.path).value(); }

    TemporaryFolder folder;
    NoEvents events;
    Registry registry;
    ServerOptions options{folder.file("control.sock")};
    Feed feed;
    std::thread later;
    std::shared_ptr<Reply> kept;
    std::unique_ptr<Server> server;
};

TEST_F(ControlServerTest, AnswersRequestsInOrder) {
    start();
    Client one = client();
    EXPECT_EQ(one.request("add", {{"a", 1}, {"b", 2}}).value(), 3);
    EXPECT_EQ(one.request("add", {{"a", 5}, {"b", 2}}).value(), 7);
}

TEST_F(ControlServerTest, PassesErrorsOn) {
    start();
    const auto refused = client().request("refuse", json::object());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "test.refused");
    EXPECT_EQ(refused.error().error_class, ErrorClass::overloaded);
}

TEST_F(ControlServerTest, AnUnknownVerbNamesTheKnownOnes) {
    start();
    const auto answer = client().request("dance", json::object());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "control.unknown_verb");
    EXPECT_NE(answer.error().message.find("add, follow"), std::string::npos);
}

TEST_F(ControlServerTest, WrongArgumentsAreAnError) {
    start();
    EXPECT_EQ(client().request("add", {{"a", "x"}}).error().code, "control.bad_arguments");
}

TEST_F(ControlServerTest, AHandlerThatForgetsToAnswerIsAnError) {
    start();
    EXPECT_EQ(client().request("forget", json::object()).error().code, "control.no_answer");
}

TEST_F(ControlServerTest, AnswersMayComeFromAnotherThread) {
    start();
    EXPECT_EQ(client().request("later", json::object()).value(), "from another thread");
}

TEST_F(ControlServerTest, AnAnswerThatDoesNotComeIsGivenUp) {
    options.answer_limit = 20ms;
    start();
    Client one = client();
    EXPECT_EQ(one.request("never", json::object()).error().code, "control.time_limit");
    kept->result("too late");
    EXPECT_EQ(one.request("add", {{"a", 1}, {"b", 2}}).value(), 3);
}

TEST_F(ControlServerTest, ClientsAreBounded) {
    options.maximum_clients = 2;
    start();
    Client one = client();
    Client two = client();
    ASSERT_TRUE(one.request("add", {{"a", 1}, {"b", 2}}));
    ASSERT_TRUE(two.request("add", {{"a", 1}, {"b", 2}}));
    Client three = client();
    const auto refused = three.request("add", {{"a", 1}, {"b", 2}});
    ASSERT_FALSE(refused);
    // The refusal may arrive, or the connection be gone before the request was written.
    EXPECT_TRUE(refused.error().code == "control.too_many_clients" ||
                refused.error().code == "control.disconnected")
        << refused.error().code;
}

TEST_F(ControlServerTest, ASilentClientIsSentAway) {
    options.request_limit = 20ms;
    start();
    EXPECT_TRUE(client().wait_for_end(10s));
}

TEST_F(ControlServerTest, AnEndlessLineIsRefused) {
    start();
    auto descriptor = connect_to(options.path);
    ASSERT_TRUE(descriptor);
    const std::string flood(longest_request + 1, 'x');
    std::size_t sent = 0;
    while (sent < flood.size()) {
        const ssize_t count =
            ::send(descriptor->number(), flood.data() + sent, flood.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) {
            break;
        }
        sent += static_cast<std::size_t>(count);
    }
    std::string answer(4096, '\0');
    const ssize_t count = ::recv(descriptor->number(), answer.data(), answer.size(), 0);
    ASSERT_GT(count, 0);
    EXPECT_NE(answer.find("control.too_long"), std::string::npos);
}

TEST_F(ControlServerTest, StreamsUntilTheSourceEnds) {
    start();
    feed.push(1);
    std::vector<int> seen;
    const auto done = client().follow("follow", json::object(), [&](const json& item) {
        seen.push_back(item.get<int>());
        if (seen.size() < 200) {
            feed.push(item.get<int>() + 1);
        } else {
            feed.end();
        }
        return true;
    });
    EXPECT_TRUE(done) << done.error().message;
    ASSERT_EQ(seen.size(), 200U);
    EXPECT_EQ(seen.back(), 200);
}

TEST_F(ControlServerTest, AFollowerThatLeavesFreesItsSource) {
    options.maximum_clients = 1;
    start();
    feed.push(1);
    {
        Client one = client();
        ASSERT_TRUE(one.follow("follow", json::object(), [](const json&) { return false; }));
        EXPECT_EQ(feed.sources, 1);
    }
    // The place of the only client is free again, at the latest with one of these attempts.
    bool served = false;
    while (!served) {
        served = client().request("add", {{"a", 1}, {"b", 2}}).has_value();
    }
    EXPECT_EQ(feed.sources, 0);
}

TEST_F(ControlServerTest, TheEndOfTheServerEndsItsClients) {
    start();
    Client one = client();
    ASSERT_TRUE(one.request("add", {{"a", 1}, {"b", 2}}));
    server.reset();
    EXPECT_TRUE(one.wait_for_end(10s));
    EXPECT_FALSE(std::filesystem::exists(options.path));
}

}  // namespace
}  // namespace patchbay::control
