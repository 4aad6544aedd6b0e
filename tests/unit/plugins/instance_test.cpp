// SPDX-License-Identifier: Apache-2.0
#include "plugins/instance.hpp"

#include "instance_bench.hpp"
#include "manual_clock.hpp"

#include <gtest/gtest.h>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;
using enum ConnectionState;
using test::eventually;
using test::metric;

/// Everything runs on a clock that only the test moves, except where a test says otherwise.
class InstanceTest : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        auto runs = RunFolder::create(data_.path());
        ASSERT_TRUE(runs) << to_string(runs.error());
        runs_ = std::move(*runs);
    }
    void TearDown() override {
        release();
        for (auto& instance : instances_) {
            instance->stop();
        }
        instances_.clear();
        scheduler_.settle();
    }

    std::shared_ptr<Instance> add(const InstancePlan& plan) {
        auto added = Instance::add(plan, services_, data_.path().string(), listener_);
        EXPECT_TRUE(added) << to_string(added.error());
        instances_.push_back(*added);
        return *added;
    }
    Result<void> load(Instance& instance) {
        auto generation =
            PluginGeneration::load(runs_, instance.plan()->library, instance.plan()->class_id, 1,
                                   {}, 20s, traffic_.events);
        if (!generation) {
            return tl::unexpected(generation.error());
        }
        return instance.load(*generation);
    }
    std::shared_ptr<Instance> loaded(const InstancePlan& plan) {
        auto instance = add(plan);
        const auto answer = load(*instance);
        EXPECT_TRUE(answer) << to_string(answer.error());
        return instance;
    }
    std::shared_ptr<Instance> connected(const InstancePlan& plan) {
        auto instance = loaded(plan);
        EXPECT_TRUE(instance->connect());
        const auto answer = instance->wait_connected();
        EXPECT_TRUE(answer) << to_string(answer.error());
        return instance;
    }
    InstancePlan plan(const std::string& config = "{}", const std::string& name = "behave") {
        return test::plan_of(name, "behave", GetParam(), config);
    }
    void release() { std::ofstream(data_.path() / "release") << "go"; }
    void advance(std::chrono::nanoseconds by) {
        clock_.advance(by);
        scheduler_.settle();
    }

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
    std::vector<std::shared_ptr<Instance>> instances_;
};

INSTANTIATE_TEST_SUITE_P(BothLoops, InstanceTest, testing::Values("Driven", "Loop"),
                         [](const auto& parameter) { return std::string(parameter.param); });

TEST_P(InstanceTest, ConnectsAnswersAndStops) {
    auto instance = connected(plan());
    EXPECT_EQ(traffic_.send("behave", "echo hello"), PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(traffic_.receive(), "hello");
    const InstanceStatus status = instance->status();
    EXPECT_EQ(status.phase, InstancePhase::running);
    EXPECT_EQ(status.state, ConnectionState::connected);
    EXPECT_EQ(status.generation, 1U);
    EXPECT_EQ(status.lanes, 1U);
    EXPECT_EQ(status.threads, 1U);
    EXPECT_EQ(status.connects, 1U);
    EXPECT_EQ(status.sha256.size(), 64U);
    instance->stop();
    scheduler_.settle();
    EXPECT_EQ(instance->status().phase, InstancePhase::stopped);
    EXPECT_EQ(listener_.states_of("behave"),
              (std::vector{connecting, ConnectionState::connected, disconnecting,
                           ConnectionState::disconnected}));
    EXPECT_EQ(traffic_.events.count("plugin.unloaded"), 1U);
    EXPECT_EQ(traffic_.events.count("plugin.still_mapped"), 0U)
        << traffic_.events.text("plugin.still_mapped");
    EXPECT_EQ(traffic_.multiplexer.find("behave"), nullptr);
}

TEST_P(InstanceTest, ConnectsAndDisconnectsAgainAndAgain) {
    auto instance = loaded(plan());
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(instance->connect());
        ASSERT_TRUE(instance->wait_connected());
        EXPECT_FALSE(instance->connect()) << "it is connected";
        ASSERT_EQ(traffic_.send("behave", "echo x"), PATCHBAY_DELIVERY_ACCEPTED);
        ASSERT_EQ(traffic_.receive(), "x");
        instance->disconnect();
        instance->wait_disconnected();
    }
    EXPECT_EQ(metric(*instance, "connect"), 20);
    EXPECT_EQ(metric(*instance, "disconnect"), 20);
}

TEST_P(InstanceTest, AnOperationMayBeCompletedByAThread) {
    auto instance = connected(plan(R"({"connect": "pending", "disconnect": "pending"})"));
    instance->disconnect();
    instance->wait_disconnected();
    EXPECT_EQ(metric(*instance, "disconnect"), 1);
}

TEST_P(InstanceTest, AConnectThatFailsIsReportedWithThePluginsWords) {
    auto instance = loaded(plan(R"({"connect": "fail"})"));
    ASSERT_TRUE(instance->connect());
    const auto answer = instance->wait_connected();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "test.refused");
    EXPECT_EQ(answer.error().message, "told to fail");
    EXPECT_TRUE(eventually([&] { return !listener_.all_failures().empty(); }));
    EXPECT_EQ(instance->state(), ConnectionState::disconnected);
    EXPECT_EQ(listener_.all_failures()[0].first, FailureKind::connect);
    EXPECT_EQ(traffic_.events.count("connection.connect_failed"), 1U);
    instance->disconnect();
    EXPECT_EQ(metric(*instance, "disconnect"), 0) << "a failed connect needs no disconnect";
}

TEST_P(InstanceTest, AConnectThatHangsIsGivenUpAtItsTimeLimit) {
    auto instance = loaded(plan(R"({"connect": "hang"})"));
    ASSERT_TRUE(instance->connect());
    advance(59s);
    EXPECT_EQ(instance->state(), connecting);
    advance(2s);
    const auto answer = instance->wait_connected();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "connection.connect_time_limit");
    EXPECT_NE(answer.error().message.find("60 s"), std::string::npos);
    EXPECT_EQ(instance->state(), disconnecting);
    advance(6s);
    EXPECT_EQ(instance->state(), ConnectionState::disconnected);
    EXPECT_TRUE(instance->status().unresponsive);
    const auto again = instance->connect();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, "connection.unresponsive");
    release();
    EXPECT_TRUE(eventually([&] { return !instance->status().unresponsive; }));
    EXPECT_EQ(instance->status().misbehaviour, 0U) << "a late answer is none";
}

TEST_P(InstanceTest, AConnectThatIsNeverCompletedIsDisconnected) {
    auto instance = loaded(plan(R"({"connect": "never"})"));
    ASSERT_TRUE(instance->connect());
    EXPECT_TRUE(eventually([&] { return metric(*instance, "connect") == 1; }));
    advance(61s);
    instance->wait_disconnected();
    EXPECT_EQ(metric(*instance, "disconnect"), 1) << "so that the plugin clears up";
    EXPECT_FALSE(instance->status().unresponsive);
}

TEST_P(InstanceTest, ADisconnectThatHangsIsBounded) {
    auto instance = connected(plan(R"({"disconnect": "hang"})"));
    instance->disconnect();
    EXPECT_TRUE(eventually([&] { return metric(*instance, "disconnect") == 1; }));
    advance(6s);
    instance->wait_disconnected();
    EXPECT_EQ(traffic_.events.count("connection.disconnect_time_limit"), 1U);
    EXPECT_TRUE(instance->status().unresponsive);
    release();
    EXPECT_TRUE(traffic_.events.wait("connection.answered_late"));
}

TEST_P(InstanceTest, AnOperationCompletedTwiceIsMisbehaviourAndNothingElse) {
    auto instance = connected(plan(R"({"connect": "twice"})"));
    EXPECT_TRUE(traffic_.events.wait("plugin.misbehaviour"));
    EXPECT_EQ(instance->state(), ConnectionState::connected);
    EXPECT_EQ(instance->status().misbehaviour, 1U);
}

TEST_P(InstanceTest, ALostConnectionIsClearedUpAndReported) {
    auto instance = connected(plan());
    traffic_.send("behave", "lost");
    EXPECT_TRUE(eventually([&] { return !listener_.all_failures().empty(); }));
    EXPECT_EQ(instance->state(), ConnectionState::disconnected);
    EXPECT_EQ(metric(*instance, "disconnect"), 1);
    EXPECT_EQ(listener_.all_failures()[0].first, FailureKind::receive);
    EXPECT_EQ(listener_.all_failures()[0].second.code, "test.reset");
    EXPECT_EQ(instance->status().last_error->message, "the peer went away");
    EXPECT_EQ(traffic_.send("behave", "echo x"), PATCHBAY_DELIVERY_DEAD_LETTERED);
}

TEST_P(InstanceTest, ReconnectsWithPausesThatGrow) {
    InstancePlan planned = plan(R"({"connect": "fail"})");
    planned.limits.reconnect = {3U, 1000ms, 60'000ms, 0.0};
    auto instance = loaded(planned);
    ASSERT_TRUE(instance->connect());
    for (const auto pause : {1s, 2s, 4s}) {
        EXPECT_TRUE(eventually([&] { return instance->status().reconnect_at != 0; }));
        const auto attempts = metric(*instance, "connect");
        EXPECT_TRUE(listener_.all_failures().empty());
        advance(pause - 1ms);
        EXPECT_EQ(metric(*instance, "connect"), attempts);
        advance(1ms);
        EXPECT_TRUE(eventually([&] { return metric(*instance, "connect") == attempts + 1; }));
    }
    EXPECT_FALSE(instance->wait_settled());
    EXPECT_TRUE(eventually([&] { return !listener_.all_failures().empty(); }));
    EXPECT_EQ(metric(*instance, "connect"), 4);
    EXPECT_EQ(instance->status().reconnect_at, 0U);
    EXPECT_EQ(instance->status().reconnect_attempt, 3U);
}

TEST_P(InstanceTest, MailWaitsWhileItReconnects) {
    InstancePlan planned = plan();
    planned.limits.reconnect = {std::nullopt, 1000ms, 1000ms, 0.0};
    auto instance = connected(planned);
    traffic_.send("behave", "lost");
    EXPECT_TRUE(eventually([&] { return instance->status().reconnect_at != 0; }));
    EXPECT_EQ(traffic_.send("behave", "echo later"), PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(instance->status().queued, 1U);
    advance(1s);
    EXPECT_EQ(traffic_.receive(), "later");
    EXPECT_EQ(instance->status().connects, 2U);
    EXPECT_TRUE(listener_.all_failures().empty());
}

TEST_P(InstanceTest, DisconnectEndsTheReconnects) {
    InstancePlan planned = plan(R"({"connect": "fail"})");
    planned.limits.reconnect = {std::nullopt, 1000ms, 1000ms, 0.0};
    auto instance = loaded(planned);
    ASSERT_TRUE(instance->connect());
    EXPECT_TRUE(eventually([&] { return instance->status().reconnect_at != 0; }));
    instance->disconnect();
    const auto attempts = metric(*instance, "connect");
    advance(10s);
    EXPECT_EQ(metric(*instance, "connect"), attempts);
    EXPECT_EQ(instance->status().reconnect_at, 0U);
}

TEST_P(InstanceTest, FailedSendsReachThePolicy) {
    auto instance = connected(plan(R"({"batch": "fail"})"));
    traffic_.send("behave", "anything");
    EXPECT_TRUE(eventually([&] { return !listener_.all_failures().empty(); }));
    EXPECT_EQ(listener_.all_failures()[0].first, FailureKind::send);
    EXPECT_EQ(instance->state(), ConnectionState::connected);
    EXPECT_EQ(traffic_.events.count("connection.send_failed"), 1U);
}

TEST_P(InstanceTest, AnEnvelopeThatIsNeverCompletedIsCancelledAndReported) {
    auto instance = connected(plan(R"({"batch": "keep"})"));
    traffic_.send("behave", "anything");
    EXPECT_TRUE(eventually([&] { return instance->status().in_flight == 1; }));
    advance(62s);
    traffic_.multiplexer.tick();
    EXPECT_TRUE(eventually([&] { return metric(*instance, "cancel") == 1; }));
    EXPECT_TRUE(eventually([&] { return !listener_.all_failures().empty(); }));
    EXPECT_EQ(listener_.all_failures()[0].second.code, "connection.send_time_limit");
}

TEST_P(InstanceTest, TimersFire) {
    auto instance = connected(plan());
    traffic_.send("behave", "timer 0");
    EXPECT_TRUE(eventually([&] { return metric(*instance, "timer") == 1; }));
    traffic_.send("behave", "timer 3600000000000");
    traffic_.send("behave", "cancel");
    traffic_.send("behave", "cancel");
    EXPECT_TRUE(eventually([&] { return metric(*instance, "timer_unknown") == 1; }));
    EXPECT_EQ(metric(*instance, "timer_cancelled"), 1);
}

TEST_P(InstanceTest, ThreadsRunAndWakeTheLane) {
    auto instance = connected(plan());
    traffic_.send("behave", "thread");
    EXPECT_TRUE(eventually([&] { return metric(*instance, "wake") == 1; }));
    EXPECT_EQ(metric(*instance, "thread_ran"), 1);
}

TEST_P(InstanceTest, AThreadOfItsOwnMakingIsMisbehaviour) {
    auto instance = connected(plan());
    traffic_.send("behave", "rogue");
    EXPECT_TRUE(traffic_.events.wait("plugin.misbehaviour", 2));
    EXPECT_NE(traffic_.events.text("plugin.misbehaviour").find("thread.not_lane"),
              std::string::npos);
}

TEST_P(InstanceTest, AStateThatWasNotAskedForIsMisbehaviour) {
    auto instance = connected(plan());
    traffic_.send("behave", "misuse_state");
    EXPECT_TRUE(eventually([&] { return instance->status().misbehaviour == 3; }));
    EXPECT_EQ(metric(*instance, "write_refused"), 1);
    EXPECT_EQ(metric(*instance, "read_refused"), 1);
    EXPECT_TRUE(traffic_.events.wait("plugin.misbehaviour", 3));
    EXPECT_NE(traffic_.events.text("plugin.misbehaviour").find("state.schema"), std::string::npos)
        << "the last of them: an oldest schema newer than the schema";
    EXPECT_EQ(instance->state(), ConnectionState::connected);
}

TEST_P(InstanceTest, MisbehaviourIsCountedButToldSparingly) {
    auto instance = connected(plan());
    for (int i = 0; i < 50; ++i) {
        traffic_.send("behave", "complete_operation");
    }
    EXPECT_TRUE(eventually([&] { return instance->status().misbehaviour == 50; }));
    EXPECT_TRUE(traffic_.events.wait("plugin.misbehaviour", 5));
    EXPECT_EQ(traffic_.events.count("plugin.misbehaviour"), 5U);
    traffic_.send("behave", "complete_unknown");
    EXPECT_TRUE(eventually([&] { return instance->status().misbehaviour == 51; }));
}

TEST_P(InstanceTest, AThreadThatDoesNotEndKeepsItsLibrary) {
    InstancePlan planned = plan();
    planned.limits.timeouts.disconnect = 100ms;
    auto instance = connected(planned);
    traffic_.send("behave", "hang");
    EXPECT_TRUE(eventually([&] { return instance->status().threads == 2; }));
    instance->stop();
    EXPECT_EQ(instance->status().phase, InstancePhase::hung);
    EXPECT_EQ(instance->status().hung_threads, std::vector<std::string>{"stuck"});
    EXPECT_EQ(traffic_.events.count("plugin.hung"), 1U);
    release();
    EXPECT_TRUE(eventually([&] { return instance->status().threads == 0; }));
    instance->stop();
    EXPECT_EQ(instance->status().phase, InstancePhase::stopped) << "it ended after all";
    EXPECT_EQ(traffic_.events.count("plugin.kept"), 1U) << "but it is not trusted any more";
}

TEST_P(InstanceTest, StateIsKept) {
    auto instance = connected(plan());
    traffic_.send("behave", "get");
    EXPECT_EQ(traffic_.receive(), "nothing");
    traffic_.send("behave", "put some value");
    EXPECT_EQ(traffic_.receive(), "ok");
    traffic_.send("behave", "get");
    EXPECT_EQ(traffic_.receive(), "some value");
}

TEST_P(InstanceTest, BlocksThatAreLeftBehindAreTakenBackAndTold) {
    auto instance = connected(plan());
    traffic_.send("behave", "leak");
    traffic_.send("behave", "echo done");
    EXPECT_EQ(traffic_.receive(), "done");
    instance->stop();
    EXPECT_NE(traffic_.events.text("plugin.left_behind").find("1 payload blocks"),
              std::string::npos)
        << traffic_.events.text("plugin.left_behind");
}

TEST_P(InstanceTest, MalformedInputBecomesADeadLetter) {
    auto instance = connected(plan());
    traffic_.send("behave", "malformed bytes");
    EXPECT_TRUE(eventually([&] { return !traffic_.dead_letters.all().empty(); }));
    const auto letter = traffic_.dead_letters.all()[0];
    EXPECT_EQ(letter.code, "test.malformed");
    EXPECT_EQ(letter.raw, "malformed bytes");
    EXPECT_EQ(letter.source, "behave");
}

TEST_P(InstanceTest, ItsLogLinesCarryItsName) {
    auto instance = connected(plan());
    traffic_.send("behave", "log hello there");
    EXPECT_TRUE(traffic_.events.wait("plugin.log"));
    EXPECT_EQ(traffic_.events.text("plugin.log"), "hello there (behave.cpp:12)");
}

TEST_P(InstanceTest, CallsADependency) {
    auto service = connected(plan("{}", "service"));
    auto caller = add(plan("{}", "caller"));
    caller->set_dependencies({{"tests/behave:0.1.0", service}});
    ASSERT_TRUE(load(*caller));
    ASSERT_TRUE(caller->connect());
    ASSERT_TRUE(caller->wait_connected());
    traffic_.send("caller", "call echo 12345");
    EXPECT_TRUE(eventually([&] { return metric(*caller, "call_results") == 1; }));
    EXPECT_EQ(metric(*caller, "call_status"), 0);
    EXPECT_EQ(metric(*caller, "call_bytes"), 10);  // "echo 12345"
    traffic_.send("caller", "call nothing");
    EXPECT_TRUE(eventually([&] { return metric(*caller, "call_results") == 2; }));
    EXPECT_EQ(metric(*caller, "call_status"), -PATCHBAY_INVALID);
}

TEST_P(InstanceTest, ACallIsAnsweredAlsoWhenTheDependencyIsSilentOrGone) {
    auto service = connected(plan("{}", "service"));
    auto caller = add(plan("{}", "caller"));
    caller->set_dependencies({{"tests/behave:0.1.0", service}});
    ASSERT_TRUE(load(*caller));
    ASSERT_TRUE(caller->connect());
    ASSERT_TRUE(caller->wait_connected());

    traffic_.send("caller", "call silent");
    EXPECT_TRUE(eventually([&] { return metric(*service, "calls") == 1; }));
    advance(61s);
    EXPECT_TRUE(eventually([&] { return metric(*caller, "call_results") == 1; }));
    EXPECT_EQ(metric(*caller, "call_status"), -PATCHBAY_OVERLOADED);

    traffic_.send("caller", "call silent");
    traffic_.send("caller", "echo called");
    EXPECT_EQ(traffic_.receive(), "called");
    service->disconnect();
    EXPECT_TRUE(eventually([&] { return metric(*caller, "call_results") == 2; }));
    EXPECT_EQ(metric(*caller, "call_status"), -PATCHBAY_OVERLOADED - PATCHBAY_DISCONNECTED);

    service->wait_disconnected();
    traffic_.send("caller", "call echo");
    EXPECT_TRUE(eventually([&] { return metric(*caller, "call_refused") == 1; }));
    EXPECT_EQ(metric(*caller, "call_refused_status"), -PATCHBAY_DISCONNECTED);
}

TEST_P(InstanceTest, ACreateThatFailsThrowsOrWantsTooMuchIsRefused) {
    for (const auto& [config, code] : std::vector<std::pair<std::string, std::string>>{
             {R"({"create": "fail"})", "test.refused"},
             {R"({"create": "throw"})", "plugin.exception"},
             {R"({"lanes": 0})", "plugin.lane_count"},
             {R"({"lanes": 65})", "plugin.lane_count"}}) {
        auto instance = add(plan(config, "i" + std::to_string(instances_.size())));
        const auto answer = load(*instance);
        ASSERT_FALSE(answer) << config;
        EXPECT_EQ(answer.error().code, code) << answer.error().message;
        EXPECT_FALSE(instance->connect());
    }
    EXPECT_EQ(traffic_.events.count("plugin.unloaded"), 4U);
}

TEST_P(InstanceTest, ACreateThatHangsIsBounded) {
    InstancePlan planned = plan(R"({"create": "hang"})");
    planned.limits.timeouts.connect = 50ms;  // of the real clock: no code of ours runs there
    auto instance = add(planned);
    const auto answer = load(*instance);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "plugin.hung");
    release();
}

TEST_P(InstanceTest, HasAsManyLanesAsItsClassAsksForAndTheOperatorAllows) {
    InstancePlan planned = plan(R"({"lanes": 3})");
    planned.limits.lane_limit = 3;
    auto instance = connected(planned);
    EXPECT_EQ(instance->status().lanes, 3U);
    EXPECT_EQ(instance->status().threads, 3U);
    EXPECT_EQ(metric(*instance, "lane_limit"), 3) << "the plugin was told";

    InstancePlan bounded = plan(R"({"lanes": 3})", "bounded");
    bounded.limits.lane_limit = 2;
    auto refused = add(bounded);
    const auto answer = load(*refused);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "plugin.lane_count");
    EXPECT_NE(answer.error().message.find("`lane_limit` allows 1 to 2"), std::string::npos);

    const auto processors = static_cast<std::int64_t>(std::thread::hardware_concurrency());
    EXPECT_EQ(metric(*connected(plan("{}", "default")), "lane_limit"),
              std::clamp<std::int64_t>(processors, 1, 64));
}

// ---- Only where the host drives the lane: it calls the plugin, which may throw ----

using DrivenInstanceTest = InstanceTest;
INSTANTIATE_TEST_SUITE_P(HostsLoop, DrivenInstanceTest, testing::Values("Driven"));

TEST_P(DrivenInstanceTest, ExceptionsDoNotCross) {
    auto instance = loaded(plan(R"({"connect": "throw"})"));
    ASSERT_TRUE(instance->connect());
    const auto answer = instance->wait_connected();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "plugin.exception");
    auto other = connected(plan(R"({"batch": "throw"})", "other"));
    traffic_.send("other", "anything");
    EXPECT_TRUE(eventually([&] { return !listener_.all_failures().empty(); }));
    EXPECT_EQ(other->state(), ConnectionState::connected);
}

TEST_P(DrivenInstanceTest, ALaneThatDoesNotEndIsNamed) {
    InstancePlan planned = plan(R"({"connect": "hang"})");
    planned.limits.timeouts.disconnect = 100ms;
    auto instance = loaded(planned);
    ASSERT_TRUE(instance->connect());
    EXPECT_TRUE(eventually([&] { return metric(*instance, "connect") == 1; }));
    advance(61s);
    advance(1s);
    instance->stop();
    EXPECT_EQ(instance->status().hung_threads, std::vector<std::string>{"lane 0"});
    release();
    EXPECT_TRUE(eventually([&] { return instance->status().threads == 0; }));
}

TEST_P(DrivenInstanceTest, ALateConnectIsDisconnectedWithoutBeingAsked) {
    auto instance = loaded(plan(R"({"connect": "late"})"));
    ASSERT_TRUE(instance->connect());
    EXPECT_TRUE(eventually([&] { return metric(*instance, "connect") == 1; }));
    advance(61s);
    advance(6s);
    EXPECT_TRUE(instance->status().unresponsive);
    release();
    EXPECT_TRUE(eventually([&] { return !instance->status().unresponsive; }));
    EXPECT_EQ(metric(*instance, "disconnect"), 1);
    EXPECT_EQ(instance->state(), ConnectionState::disconnected);
}

TEST_P(DrivenInstanceTest, MaxInFlightHoldsBackTheRest) {
    InstancePlan planned = plan(R"({"batch": "keep"})");
    planned.limits.max_in_flight = 2;
    auto instance = connected(planned);
    for (int i = 0; i < 5; ++i) {
        traffic_.send("behave", "x");
    }
    EXPECT_TRUE(eventually([&] { return instance->status().in_flight == 2; }));
    EXPECT_EQ(instance->status().queued, 3U);
}

using LoopInstanceTest = InstanceTest;
INSTANTIATE_TEST_SUITE_P(OwnLoop, LoopInstanceTest, testing::Values("Loop"));

TEST_P(LoopInstanceTest, ALoopThatEndsByItselfLosesTheConnection) {
    auto instance = connected(plan());
    traffic_.send("behave", "leave");
    EXPECT_TRUE(traffic_.events.wait("plugin.misbehaviour"));
    EXPECT_TRUE(instance->wait({disconnecting}, 20s));
    // Again and again: the time limit begins some time after the state.
    ASSERT_TRUE(eventually([&] {
        advance(6s);
        return !listener_.all_failures().empty();
    }));
    EXPECT_EQ(listener_.all_failures()[0].second.code, "plugin.lane_ended");
    EXPECT_TRUE(instance->status().unresponsive);
    instance->stop();
    EXPECT_EQ(instance->status().phase, InstancePhase::stopped);
    EXPECT_EQ(traffic_.events.count("plugin.unloaded"), 1U);
}

// ---- A plugin that was compiled when ABI 1.0 came out ----

using FrozenInstanceTest = InstanceTest;
INSTANTIATE_TEST_SUITE_P(Abi10, FrozenInstanceTest, testing::Values("Driven", "Loop"));

TEST_P(FrozenInstanceTest, RunsOnTodaysHost) {
    auto service = connected(test::plan_of("service", "behave_1_0", GetParam()));
    auto caller = add(test::plan_of("caller", "behave_1_0", GetParam()));
    caller->set_dependencies({{"tests/behave:0.1.0", service}});
    ASSERT_TRUE(load(*caller));
    ASSERT_TRUE(caller->connect());
    ASSERT_TRUE(caller->wait_connected());
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(traffic_.send("service", "echo " + std::to_string(i)),
                  PATCHBAY_DELIVERY_ACCEPTED);
    }
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(traffic_.receive(), std::to_string(i));
    }
    traffic_.send("caller", "call echo 12345");
    EXPECT_TRUE(eventually([&] { return metric(*caller, "call_results") == 1; }));
    traffic_.send("caller", "timer 0");
    EXPECT_TRUE(eventually([&] { return metric(*caller, "timer") == 1; }));
    traffic_.send("service", "put kept");
    EXPECT_EQ(traffic_.receive(), "ok");
    EXPECT_EQ(service->status().misbehaviour, 0U);
    EXPECT_EQ(caller->status().misbehaviour, 0U);
}

// ---- A class that may run on the deliverer's thread ----

using InlineInstanceTest = InstanceTest;
INSTANTIATE_TEST_SUITE_P(Plain, InlineInstanceTest, testing::Values("Plain"));

TEST_P(InlineInstanceTest, RunsOnTheDeliverersThreadAndStillUnloads) {
    auto instance = connected(test::plan_of("plain", "plain", GetParam()));
    const auto counters = [&] { return traffic_.multiplexer.find("plain")->counters(); };
    const multiplexer::ThreadScope scope(traffic_.multiplexer);  // deliverers without one are slow
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(traffic_.send("plain", "x"), PATCHBAY_DELIVERY_ACCEPTED);
    }
    EXPECT_TRUE(eventually([&] { return counters().completed == 100; }));
    EXPECT_GT(counters().inline_dispatched, 0U);
    instance->stop();
    EXPECT_EQ(traffic_.events.count("plugin.unloaded"), 1U);
    EXPECT_EQ(traffic_.events.count("plugin.still_mapped"), 0U);
}

}  // namespace
}  // namespace patchbay::plugins
