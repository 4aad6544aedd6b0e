// SPDX-License-Identifier: Apache-2.0
// Disable, enable and drain, with the plugin "behave".
#include "behave_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <future>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::metric;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OperationTest : public test::BehaveHost, public testing::Test {
  protected:
    OperationTest() { drain_timeout_ = 20s; }

    InstancePlan& plan(const std::string& name, const std::string& config = "{}",
                       const std::vector<std::string>& dependencies = {}) {
        return plan_instance(name, "Driven", config, dependencies);
    }
    [[nodiscard]] ConnectionState state_of(const std::string& name) const {
        return status_of(name).state;
    }
    std::string answer_of(const std::string& name) { return ask(name, "echo here"); }
    std::vector<std::string> disabled(const std::string& name, bool cascade = false) {
        std::vector<std::string> names;
        const auto done = host_->disable(name, cascade);
        EXPECT_TRUE(done) << to_string(done.error());
        for (const DisabledInstance& each : done.value_or(std::vector<DisabledInstance>{})) {
            names.push_back(each.name + (each.already ? " already" : ""));
        }
        return names;
    }
    std::vector<std::string> enabled(const std::string& name, bool cascade = false) {
        std::vector<std::string> names;
        const auto done = name.empty() ? host_->enable_all() : host_->enable(name, cascade);
        EXPECT_TRUE(done) << to_string(done.error());
        for (const EnabledInstance& each : done.value_or(std::vector<EnabledInstance>{})) {
            names.push_back(each.name + (each.already ? " already" : "") +
                            (each.not_connected ? " " + each.not_connected->code : ""));
        }
        return names;
    }
};

TEST_F(OperationTest, ADisabledInstanceIsDisconnectedUntilItIsEnabled) {
    plan("one").limits.reconnect.attempts = std::nullopt;
    start();
    EXPECT_EQ(answer_of("one"), "here");
    EXPECT_THAT(disabled("one"), ElementsAre("one"));
    EXPECT_EQ(state_of("one"), ConnectionState::disconnected);
    EXPECT_TRUE(status_of("one").disabled);
    EXPECT_EQ(status_of("one").reconnect_at, 0U);
    EXPECT_EQ(metric(*host_->find("one"), "disconnect"), 1);
    EXPECT_EQ(traffic_.events.count("connection.disabled"), 1U);
    EXPECT_THAT(disabled("one"), ElementsAre("one already"));
    EXPECT_EQ(traffic_.events.count("connection.disabled"), 1U);

    EXPECT_EQ(traffic_.send("one", "echo lost"), PATCHBAY_DELIVERY_DEAD_LETTERED);
    ASSERT_EQ(traffic_.dead_letters.all().size(), 1U);
    EXPECT_EQ(traffic_.dead_letters.all()[0].reason, std::uint32_t{PATCHBAY_REASON_NOT_CONNECTED});
    const auto direct = host_->find("one")->connect();
    ASSERT_FALSE(direct);
    EXPECT_EQ(direct.error().code, "connection.disabled");

    EXPECT_THAT(enabled("one"), ElementsAre("one"));
    EXPECT_FALSE(status_of("one").disabled);
    EXPECT_EQ(traffic_.events.count("connection.enabled"), 1U);
    EXPECT_EQ(answer_of("one"), "here");
    EXPECT_THAT(enabled("one"), ElementsAre("one already"));
    EXPECT_TRUE(host_->stop().clean());
}

TEST_F(OperationTest, WhatWasAcceptedIsCompletedFirst) {
    plan("one", R"({"batch": "keep"})");
    start();
    traffic_.send("one", "first");
    ASSERT_TRUE(eventually([&] { return status_of("one").in_flight == 1; }));
    auto done = std::async(std::launch::async, [&] { return host_->disable("one", false); });
    const multiplexer::Instance* traffic = traffic_.multiplexer.find("one");
    ASSERT_TRUE(
        eventually([&] { return traffic->state() == multiplexer::InstanceState::disconnecting; }));
    EXPECT_EQ(state_of("one"), ConnectionState::connected) << "it waits for the first";
    // Nothing is given to it any more, except by the test: what releases the first.
    host_->find("one")->set_taking(true);
    traffic_.send("one", "release_kept");
    const auto report = done.get();
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(status_of("one").in_flight, 0U);
    EXPECT_EQ(state_of("one"), ConnectionState::disconnected);
}

TEST_F(OperationTest, WhatIsNotCompletedInTimeIsTold) {
    plan("one", R"({"batch": "keep"})");
    drain_timeout_ = 50ms;
    start();
    traffic_.send("one", "first");
    ASSERT_TRUE(eventually([&] { return status_of("one").in_flight == 1; }));
    const auto report = host_->disable("one", false);
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ((*report)[0].abandoned, 1U);
    EXPECT_EQ(state_of("one"), ConnectionState::disconnected);
    EXPECT_THAT(traffic_.events.text("connection.disabled"), HasSubstr("not completed in time"));
}

TEST_F(OperationTest, DependentsAreNamedOrGoFirst) {
    plan("base");
    plan("middle", "{}", {"base"});
    plan("top", "{}", {"middle"});
    plan("alone");
    start();
    const auto refused = host_->disable("base", false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "operation.dependents");
    EXPECT_THAT(refused.error().message, HasSubstr("`top`, `middle` depend on `base`"));
    EXPECT_EQ(state_of("base"), ConnectionState::connected);

    EXPECT_THAT(disabled("base", true), ElementsAre("top", "middle", "base"));
    EXPECT_EQ(state_of("alone"), ConnectionState::connected);

    const auto needs = host_->enable("top", false);
    ASSERT_FALSE(needs);
    EXPECT_EQ(needs.error().code, "operation.dependencies");
    EXPECT_THAT(needs.error().message, HasSubstr("`base`, `middle`, which are not connected"));
    EXPECT_THAT(enabled("top", true), ElementsAre("base", "middle", "top"));
    EXPECT_EQ(state_of("top"), ConnectionState::connected);
    EXPECT_THAT(disabled("top"), ElementsAre("top"));
    EXPECT_THAT(disabled("middle"), ElementsAre("middle")) << "nobody needs it any more";
    EXPECT_TRUE(host_->stop().clean());
}

TEST_F(OperationTest, AFailureToConnectIsReported) {
    plan("one", R"({"connect": "fail"})");
    plan("two", "{}", {"one"});
    start();
    EXPECT_THAT(enabled("one"), ElementsAre("one test.refused"));
    EXPECT_FALSE(status_of("one").disabled);
    EXPECT_THAT(enabled("two", true), ElementsAre("one test.refused", "two connection.dependency"));
    EXPECT_THAT(disabled("two"), ElementsAre("two"));
    EXPECT_TRUE(status_of("two").disabled);
}

TEST_F(OperationTest, NoReconnectAndNoReloadConnectsADisabledOne) {
    InstancePlan& flaky = plan("one", R"({"connect": "fail"})");
    flaky.limits.reconnect.attempts = std::nullopt;
    flaky.limits.reconnect.initial_delay = 1ms;
    flaky.limits.reconnect.max_delay = 1ms;
    plan("two", "{}", {"one"});
    start();
    EXPECT_THAT(disabled("two"), ElementsAre("two"));
    ASSERT_TRUE(eventually([&] { return metric(*host_->find("one"), "connect") > 2; }));
    EXPECT_THAT(disabled("one"), ElementsAre("one"));
    EXPECT_EQ(state_of("one"), ConnectionState::disconnected);
    host_->scheduler().settle();
    const auto tried = metric(*host_->find("one"), "connect");

    put("behave_next");
    const auto report = host_->reload({"two"});
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->generation, 2U);
    for (const ReloadedInstance& each : report->instances) {
        EXPECT_FALSE(each.not_connected) << each.name << ": it is not expected to be";
    }
    EXPECT_EQ(state_of("one"), ConnectionState::disconnected);
    EXPECT_EQ(state_of("two"), ConnectionState::disconnected);
    EXPECT_TRUE(status_of("one").disabled);
    host_->scheduler().settle();
    EXPECT_EQ(metric(*host_->find("one"), "connect"), tried);
    EXPECT_EQ(metric(*host_->find("two"), "connect"), 0);
}

TEST_F(OperationTest, AReloadedInstanceRunsTheNewCodeWhenItIsEnabled) {
    plan("one");
    start();
    EXPECT_THAT(disabled("one"), ElementsAre("one"));
    put("behave_next");
    ASSERT_TRUE(host_->reload({"one"}));
    EXPECT_THAT(enabled("one"), ElementsAre("one"));
    EXPECT_EQ(traffic_.send("one", "generation"), PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(traffic_.receive().value_or("nobody"), "2");
    EXPECT_TRUE(host_->stop().clean());
}

TEST_F(OperationTest, ADrainWaitsForWhatIsInProgress) {
    plan("one", R"({"batch": "keep"})");
    start();
    traffic_.send("one", "first");
    ASSERT_TRUE(eventually([&] { return status_of("one").in_flight == 1; }));
    const auto early = host_->drain("one", 10ms);
    ASSERT_TRUE(early) << to_string(early.error());
    ASSERT_EQ(early->left.size(), 1U);
    EXPECT_EQ(early->left[0].name, "one");
    EXPECT_EQ(early->left[0].in_flight, 1U);
    EXPECT_GE(early->duration, 10'000'000U);
    EXPECT_THAT(traffic_.events.text("connection.drained"), HasSubstr("one: 1 in progress"));
    EXPECT_TRUE(status_of("one").inbound_stopped);
    EXPECT_EQ(state_of("one"), ConnectionState::connected);

    traffic_.send("one", "release_kept");
    const auto late = host_->drain("one", 20s);
    ASSERT_TRUE(late) << to_string(late.error());
    EXPECT_TRUE(late->left.empty());
    EXPECT_THAT(enabled("one"), ElementsAre("one"));
    EXPECT_FALSE(status_of("one").inbound_stopped);
    EXPECT_EQ(metric(*host_->find("one"), "connect"), 1) << "it was connected all the time";
}

TEST_F(OperationTest, EnablingEndsADrainThatWaits) {
    plan("one", R"({"batch": "keep"})");
    start();
    traffic_.send("one", "first");
    ASSERT_TRUE(eventually([&] { return status_of("one").in_flight == 1; }));
    auto drained = std::async(std::launch::async, [&] { return host_->drain("one", 1h); });
    ASSERT_TRUE(eventually([&] { return status_of("one").inbound_stopped; }));
    EXPECT_THAT(enabled("one"), ElementsAre("one"));
    const auto ended = drained.get();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, "operation.enabled");
    auto whole = std::async(std::launch::async, [&] { return host_->drain("", 1h); });
    ASSERT_TRUE(eventually([&] { return host_->is_inbound_stopped(); }));
    EXPECT_THAT(enabled(""), ElementsAre());
    EXPECT_EQ(whole.get().error().code, "operation.enabled");
    traffic_.send("one", "release_kept");
}

TEST_F(OperationTest, ADrainOfTheHostEndsWhenAllIsEnabled) {
    plan("one");
    plan("two");
    start();
    EXPECT_FALSE(host_->is_inbound_stopped());
    const auto drained = host_->drain("", 20s);
    ASSERT_TRUE(drained) << to_string(drained.error());
    EXPECT_TRUE(drained->left.empty());
    EXPECT_TRUE(host_->is_inbound_stopped());
    EXPECT_EQ(traffic_.events.count("host.drained"), 1U);
    EXPECT_THAT(disabled("two"), ElementsAre("two"));
    EXPECT_THAT(enabled(""), ElementsAre("two"));
    EXPECT_FALSE(host_->is_inbound_stopped());
    EXPECT_EQ(traffic_.events.count("host.resumed"), 1U);
    EXPECT_EQ(state_of("two"), ConnectionState::connected);
}

TEST_F(OperationTest, TheEndOfTheHostCutsADrainShort) {
    plan("one", R"({"batch": "keep"})");
    drain_timeout_ = 1h;
    start();
    traffic_.send("one", "first");
    ASSERT_TRUE(eventually([&] { return status_of("one").in_flight == 1; }));
    auto drained = std::async(std::launch::async, [&] { return host_->drain("one", 1h); });
    auto disabled = std::async(std::launch::async, [&] { return host_->disable("one", false); });
    ASSERT_TRUE(eventually([&] { return status_of("one").inbound_stopped; }));
    host_->hurry();
    EXPECT_EQ(host_->stop().leftover.size(), 1U);
    const auto drain_end = drained.get();
    ASSERT_FALSE(drain_end);
    const auto disable_end = disabled.get();
    ASSERT_FALSE(disable_end);
}

TEST_F(OperationTest, WhatIsUnknownIsRefused) {
    plan("one");
    start();
    EXPECT_EQ(host_->disable("nobody", false).error().code, "operation.unknown_instance");
    EXPECT_EQ(host_->enable("nobody", false).error().code, "operation.unknown_instance");
    EXPECT_EQ(host_->drain("nobody", 1s).error().code, "operation.unknown_instance");
    (void)host_->stop();
    EXPECT_EQ(host_->disable("one", false).error().code, "operation.not_running");
    EXPECT_EQ(host_->enable("one", false).error().code, "operation.not_running");
    EXPECT_EQ(host_->drain("", 1s).error().code, "operation.not_running");
}

}  // namespace
}  // namespace patchbay::plugins
