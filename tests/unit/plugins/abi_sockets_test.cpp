// SPDX-License-Identifier: Apache-2.0
/// \file
/// The extension patchbay.sockets/1 of the host, used by a real plugin over the C ABI.
#include "instance_bench.hpp"
#include "manual_clock.hpp"
#include "plugins/instance.hpp"
#include "socket_client.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;
using test::metric;
using test::SocketClient;

class AbiSocketsTest : public testing::Test {
  protected:
    void SetUp() override {
        auto runs = RunFolder::create(data_.path());
        ASSERT_TRUE(runs) << to_string(runs.error());
        runs_ = std::move(*runs);
    }
    void TearDown() override {
        if (instance_ != nullptr) {
            instance_->stop();
        }
        scheduler_.settle();
    }

    Result<void> load(const std::string& config) {
        auto added = Instance::add(test::plan_of("listening", "listening", "Listening", config),
                                   services_, data_.path().string(), listener_);
        EXPECT_TRUE(added) << to_string(added.error());
        instance_ = *added;
        auto generation =
            PluginGeneration::load(runs_, instance_->plan()->library, instance_->plan()->class_id,
                                   1, {}, 20s, traffic_.events);
        if (!generation) {
            return tl::unexpected(generation.error());
        }
        return instance_->load(*generation);
    }
    Result<void> connect() {
        const auto begun = instance_->connect();
        return begun ? instance_->wait_connected() : begun;
    }
    void disconnect() {
        instance_->disconnect();
        instance_->wait_disconnected();
    }
    [[nodiscard]] std::uint16_t port() const {
        return static_cast<std::uint16_t>(metric(*instance_, "port"));
    }
    [[nodiscard]] int connect_client() const { return SocketClient(port()).error(); }

    test::TemporaryFolder data_;
    test::ManualClock clock_;
    test::Traffic traffic_{clock_};
    Scheduler scheduler_{clock_};
    CallRouter calls_{scheduler_};
    test::MemoryStore store_;
    HostServices services_{traffic_.events, clock_, traffic_.multiplexer,
                           scheduler_,      calls_, &store_};
    test::RecordingListener listener_;
    std::shared_ptr<RunFolder> runs_;
    std::shared_ptr<Instance> instance_;
};

TEST_F(AbiSocketsTest, ListensWhileItIsConnected) {
    ASSERT_TRUE(load(R"({"count": 2})"));
    ASSERT_TRUE(connect());
    EXPECT_EQ(metric(*instance_, "sockets"), 2);
    EXPECT_EQ(connect_client(), 0);
    const InstanceStatus status = instance_->status();
    ASSERT_EQ(status.listeners.size(), 1U);
    EXPECT_EQ(status.listeners[0].address, "127.0.0.1:" + std::to_string(port()));
    EXPECT_EQ(status.listeners[0].sockets, 2U);
    disconnect();
    EXPECT_EQ(connect_client(), ECONNREFUSED);
    EXPECT_TRUE(instance_->status().listeners.empty());
    EXPECT_EQ(instance_->status().misbehaviour, 0U);
}

TEST_F(AbiSocketsTest, KeepsItsPortFromOneConnectToTheNext) {
    ASSERT_TRUE(load(R"({"end": "keep"})"));
    ASSERT_TRUE(connect());
    const std::uint16_t first = port();
    disconnect();
    EXPECT_EQ(connect_client(), 0) << "clients wait";
    ASSERT_TRUE(connect());
    EXPECT_EQ(port(), first);
    instance_->stop();
    EXPECT_EQ(connect_client(), ECONNREFUSED) << "the instance is gone";
    EXPECT_EQ(traffic_.events.count("plugin.left_behind"), 0U);
}

TEST_F(AbiSocketsTest, WhatIsLeftBehindIsToldAndClosed) {
    ASSERT_TRUE(load(R"({"end": "leave"})"));
    ASSERT_TRUE(connect());
    disconnect();
    ASSERT_TRUE(connect());
    EXPECT_EQ(instance_->status().listeners.size(), 1U);
    instance_->stop();
    EXPECT_EQ(connect_client(), ECONNREFUSED);
    EXPECT_EQ(traffic_.events.count("plugin.left_behind"), 1U);
    EXPECT_NE(
        traffic_.events.text("plugin.left_behind").find("127.0.0.1:" + std::to_string(port())),
        std::string::npos)
        << traffic_.events.text("plugin.left_behind");
}

TEST_F(AbiSocketsTest, FailuresReachThePluginWithTheirWords) {
    ListeningSockets somebody;
    const auto taken = somebody.lend(1, {.address = "127.0.0.1"}, 1, 1);
    ASSERT_TRUE(taken) << to_string(taken.error());
    ASSERT_TRUE(load(R"({"port": )" + std::to_string(taken->port) + "}"));
    const auto answer = connect();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "listen.address_in_use");
    EXPECT_NE(answer.error().message.find("127.0.0.1:" + std::to_string(taken->port)),
              std::string::npos);
}

TEST_F(AbiSocketsTest, NumbersThatMeanNothingAreRefused) {
    for (const auto& [config, code] : {
             std::pair{R"({"port": 65536})", "listen.bad_address"},
             std::pair{R"({"address": "localhost"})", "listen.bad_address"},
             std::pair{R"({"count": 65})", "listen.too_many"},
             std::pair{R"({"count": 3, "room": 2})", "listen.too_many"},
             std::pair{R"({"flags": 2})", "listen.failed"},
         }) {
        ASSERT_TRUE(load(config));
        const auto answer = connect();
        ASSERT_FALSE(answer) << config;
        EXPECT_EQ(answer.error().code, code) << answer.error().message;
        EXPECT_TRUE(instance_->status().listeners.empty());
        instance_->stop();
    }
}

TEST_F(AbiSocketsTest, ItemsAreWrittenAtThePluginsStride) {
    for (const std::uint32_t stride : {16U, 24U, 40U}) {
        ASSERT_TRUE(load(R"({"count": 3, "stride": )" + std::to_string(stride) + "}"));
        ASSERT_TRUE(connect());
        EXPECT_EQ(metric(*instance_, "sockets"), 3);
        EXPECT_EQ(metric(*instance_, "port") != 0, stride > 16) << stride;
        EXPECT_EQ(metric(*instance_, "beyond"), 0);
        disconnect();
        EXPECT_EQ(instance_->status().misbehaviour, 0U) << "the id of the loan was found";
        instance_->stop();
    }
}

TEST_F(AbiSocketsTest, ForeignThreadsAndUnknownLoansAreMisbehaviour) {
    ASSERT_TRUE(load("{}"));
    ASSERT_TRUE(connect());
    EXPECT_EQ(traffic_.send("listening", "release 4711"), PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_TRUE(traffic_.events.wait("plugin.misbehaviour", 1));
    EXPECT_EQ(connect_client(), 0);
    EXPECT_EQ(traffic_.send("listening", "pthread"), PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_TRUE(traffic_.events.wait("plugin.misbehaviour", 2));
}

TEST_F(AbiSocketsTest, ListeningInCreateIsMisbehaviour) {
    ASSERT_TRUE(load(R"({"where": "create"})"));
    EXPECT_EQ(instance_->status().misbehaviour, 1U);
}

}  // namespace
}  // namespace patchbay::plugins
