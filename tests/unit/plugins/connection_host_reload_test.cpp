// SPDX-License-Identifier: Apache-2.0
// Reload, with real libraries that take each other's place: "behave" as generation 1, compiled
// again as generation 2, and as one that does not connect.
#include "behave_host.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::metric;

std::size_t entries_of(const char* folder) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        static_cast<void>(entry);
        ++count;
    }
    return count;
}

class ReloadTest : public test::BehaveHostTest {
  protected:
    std::string generation_that_answers(const std::string& name) { return ask(name, "generation"); }
    Error reload_error(const std::string& name, bool retry = false) {
        auto reloaded = host_->reload({name, retry});
        EXPECT_FALSE(reloaded);
        return reloaded ? Error{} : reloaded.error();
    }
    /// In the background, until the new generation is in service.
    std::future<Result<ReloadReport>> begin_reload(const std::string& name) {
        const std::uint32_t before = status_of(name).generation;
        auto reload =
            std::async(std::launch::async, [this, name] { return host_->reload({name}); });
        EXPECT_TRUE(eventually([&] { return status_of(name).generation != before; }));
        return reload;
    }
    std::string recalled(const std::string& name) { return ask(name, "recall"); }
    void remember(const std::string& name, const std::string& text) {
        EXPECT_EQ(traffic_.send(name, "remember " + text), PATCHBAY_DELIVERY_ACCEPTED);
        EXPECT_EQ(recalled(name), text);
    }
};

TEST_P(ReloadTest, PutsTheNewCodeInThePlaceOfTheOld) {
    plan("one");
    start();
    EXPECT_EQ(generation_that_answers("one"), "1");
    put("behave_next");
    const auto report = host_->reload({"one"});
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_FALSE(report->unchanged);
    EXPECT_EQ(report->generation, 2U);
    EXPECT_TRUE(report->unloaded) << report->kept_because;
    ASSERT_EQ(report->instances.size(), 1U);
    EXPECT_EQ(report->instances[0].abandoned, 0U);
    EXPECT_GE(report->reload_time, report->instances[0].pause);
    EXPECT_EQ(generation_that_answers("one"), "2");
    EXPECT_EQ(status_of("one").state, ConnectionState::connected);
    EXPECT_EQ(status_of("one").generation, 2U);
    EXPECT_EQ(status_of("one").draining_generation, 0U);
    EXPECT_EQ(status_of("one").reloads, 1U);
    EXPECT_EQ(metric(*host_->find("one"), "disconnect"), 1) << "the old one was asked to end";
    EXPECT_EQ(traffic_.events.count("plugin.reloaded"), 1U);
    EXPECT_EQ(traffic_.events.count("plugin.unloaded"), 1U);
    EXPECT_TRUE(host_->stop().clean());
}

TEST_P(ReloadTest, TheSameBytesAreNotReloaded) {
    plan("one");
    start();
    put("behave");
    const auto report = host_->reload({"one"});
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->unchanged);
    EXPECT_EQ(report->generation, 1U);
    EXPECT_EQ(metric(*host_->find("one"), "create"), 1);
}

TEST_P(ReloadTest, AllInstancesOfAPluginMoveTogether) {
    plan("one");
    plan("two");
    start();
    put("behave_next");
    const auto report = host_->reload({"two"});
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->instances.size(), 2U);
    EXPECT_TRUE(report->unloaded) << report->kept_because;
    EXPECT_EQ(generation_that_answers("one"), "2");
    EXPECT_EQ(generation_that_answers("two"), "2");
}

TEST_P(ReloadTest, CodeThatDoesNotConnectLeavesTheOldOneInService) {
    plan("one");
    start();
    put("behave_failing");
    const Error error = reload_error("one");
    EXPECT_EQ(error.code, "test.refused");
    EXPECT_NE(error.message.find("generation 1 goes on"), std::string::npos) << error.message;
    EXPECT_EQ(traffic_.events.count("plugin.reload_failed"), 1U);
    EXPECT_EQ(status_of("one").state, ConnectionState::connected);
    EXPECT_EQ(status_of("one").generation, 1U);
    EXPECT_EQ(generation_that_answers("one"), "1");
    EXPECT_EQ(host_->failed_reloads(), 1U);
}

TEST_P(ReloadTest, BytesThatFailedAreQuarantinedUntilTheyChange) {
    plan("one");
    start();
    put("behave_failing");
    EXPECT_EQ(reload_error("one").code, "test.refused");
    ASSERT_EQ(host_->quarantined().size(), 1U);
    EXPECT_EQ(host_->quarantined()[0].library, library_.string());
    EXPECT_EQ(reload_error("one").code, "reload.quarantined");
    EXPECT_EQ(reload_error("one", true).code, "test.refused") << "the operator insists";
    put("behave_next");
    ASSERT_TRUE(host_->reload({"one"}));
    EXPECT_TRUE(host_->quarantined().empty());
    EXPECT_EQ(generation_that_answers("one"), "2");
}

TEST_P(ReloadTest, AFileThatIsNoPluginIsNamedAndChangesNothing) {
    plan("one");
    start();
    put("no_entry");
    const Error refused = reload_error("one");
    EXPECT_EQ(refused.code, "plugin.no_entry");
    EXPECT_NE(refused.message.find("step `check`"), std::string::npos) << refused.message;
    std::ofstream(library_, std::ios::trunc) << "half of a library";
    EXPECT_NE(reload_error("one").message.find("step `check`"), std::string::npos);
    std::filesystem::remove(library_);
    EXPECT_EQ(reload_error("one").code, "plugin.copy_failed");
    EXPECT_EQ(generation_that_answers("one"), "1");
}

TEST_P(ReloadTest, ALibraryIsTriedInAProcessOfItsOwnFirst) {
    probe_.command = {PATCHBAY_PROBE_PROGRAM};
    plan("one");
    plan("two");
    start();
    for (const char* name : {"fatal_load", "fatal_create", "fatal_destroy"}) {
        put(name);
        const Error error = reload_error("one");
        EXPECT_EQ(error.code, "probe.crashed") << name;
        EXPECT_NE(error.message.find("the step `probe` failed"), std::string::npos)
            << error.message;
        EXPECT_NE(error.message.find("generation 1 goes on"), std::string::npos) << error.message;
        EXPECT_EQ(reload_error("one").code, "reload.quarantined");
    }
    EXPECT_EQ(generation_that_answers("one"), "1");
    put("behave_next");
    const auto report = host_->reload({"one"});
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_GT(report->probe_time, 0U);
    EXPECT_TRUE(report->unloaded) << report->kept_because;
    EXPECT_EQ(generation_that_answers("two"), "2");
    EXPECT_EQ(metric(*host_->find("one"), "create"), 2) << "the trial has metrics of its own";
}

TEST_P(ReloadTest, AHostThatStopsEndsATrial) {
    probe_.command = {PATCHBAY_PROBE_PROGRAM};
    plan("one").limits.timeouts.connect = 60s;
    start();
    put("fatal_hang");
    auto reload = std::async(std::launch::async, [this] { return host_->reload({"one"}); });
    const auto is_trying = [this] {
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(data_.path() / "run")) {
            if (entry.path().filename() == "probe") {
                return true;
            }
        }
        return false;
    };
    EXPECT_TRUE(eventually(is_trying));
    EXPECT_TRUE(host_->stop().clean());
    const auto report = reload.get();
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, "probe.cancelled");
    EXPECT_TRUE(host_->quarantined().empty()) << "it is not to blame";
}

TEST_P(ReloadTest, NothingIsLostWhileTrafficFlows) {
    plan("one");
    start();
    constexpr int rounds = 10;
    std::atomic<bool> reloading{true};
    std::thread reloader([&] {
        for (int i = 0; i < rounds; ++i) {
            put(i % 2 == 0 ? "behave_next" : "behave");
            const auto report = host_->reload({"one"});
            EXPECT_TRUE(report && report->unloaded);
        }
        reloading.store(false);
    });
    // In lockstep: the answer to each request comes, whichever generation took it.
    int requests = 0;
    while (reloading.load()) {
        const std::string answer = generation_that_answers("one");
        EXPECT_TRUE(answer == "1" || answer == "2") << answer;
        ++requests;
    }
    reloader.join();
    EXPECT_GT(requests, 0);
    EXPECT_EQ(status_of("one").reloads, static_cast<std::uint64_t>(rounds));
    EXPECT_TRUE(traffic_.dead_letters.all().empty());
}

TEST_P(ReloadTest, WhatTheOldOneDoesNotCompleteIsCounted) {
    plan("one", R"({"batch": "keep"})");
    start();
    traffic_.send("one", "kept");
    EXPECT_TRUE(eventually([&] { return status_of("one").in_flight == 1; }));
    put("behave_next");
    const auto report = host_->reload({"one"});
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->generation, 2U);
    EXPECT_EQ(traffic_.events.count("plugin.left_behind"), 1U);
    EXPECT_EQ(status_of("one").in_flight, 0U);
}

TEST_P(ReloadTest, DependentsGoOnCalling) {
    plan("service");
    plan("caller", "{}", {"service"});
    plan_.instances[1].library = test::fixture("behave").string();
    start();
    traffic_.send("caller", "call echo 1");
    EXPECT_TRUE(eventually([&] { return metric(*host_->find("caller"), "call_results") == 1; }));
    put("behave_next");
    const auto report = host_->reload({"service"});
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(report->instances.size(), 1U) << "the dependent runs another library";
    traffic_.send("caller", "call echo 2");
    EXPECT_TRUE(eventually([&] { return metric(*host_->find("caller"), "call_results") == 2; }));
    EXPECT_EQ(metric(*host_->find("caller"), "call_status"), 0);
    EXPECT_EQ(metric(*host_->find("caller"), "call_refused"), 0);
}

TEST_P(ReloadTest, AnInstanceThatCouldNotConnectConnectsWithTheNewCode) {
    put("behave_failing");
    plan("one");
    start();
    EXPECT_EQ(status_of("one").state, ConnectionState::disconnected);
    put("behave_next");
    const auto report = host_->reload({"one"});
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_FALSE(report->instances[0].not_connected);
    EXPECT_EQ(generation_that_answers("one"), "2");
}

TEST_P(ReloadTest, AnInstanceWhoseLibraryWasBrokenStartsWithTheNewOne) {
    std::ofstream(library_, std::ios::trunc) << "not a library";
    plan("one");
    start();
    EXPECT_EQ(status_of("one").phase, InstancePhase::failed);
    put("behave");
    const auto report = host_->reload({"one"});
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(status_of("one").phase, InstancePhase::running);
    EXPECT_EQ(generation_that_answers("one"), "1");
}

TEST_P(ReloadTest, AGenerationThatDoesNotEndIsToldAndStaysMapped) {
    plan("one").limits.timeouts.disconnect = 200ms;
    start();
    traffic_.send("one", "hang");
    EXPECT_TRUE(eventually([&] { return status_of("one").threads == 2; }));
    put("behave_next");
    const auto report = host_->reload({"one"});
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_FALSE(report->unloaded);
    EXPECT_EQ(report->instances[0].hung, std::vector<std::string>{"stuck"});
    EXPECT_EQ(host_->kept_libraries(), 1U);
    EXPECT_EQ(generation_that_answers("one"), "2");
    put("behave");
    EXPECT_EQ(reload_error("one").code, "reload.not_running")
        << "two living generations are enough";
    const StopReport stopped = host_->stop();
    EXPECT_EQ(stopped.hung, std::vector<std::string>{"one"});
    const auto one = host_->find("one");
    std::ofstream(data_.path() / "release") << "go";
    EXPECT_TRUE(eventually([&] {
        one->stop();
        return one->status().phase != InstancePhase::hung;
    }));
}

TEST_P(ReloadTest, WhatIsUnknownOrStoppedIsRefused) {
    plan("one");
    plan("defaults").library.clear();
    plan_.instances[1].is_abstract = true;
    start();
    EXPECT_EQ(reload_error("nobody").code, "reload.unknown_instance");
    EXPECT_EQ(reload_error("defaults").code, "reload.no_library");
    (void)host_->stop();
    EXPECT_EQ(reload_error("one").code, "reload.not_running");
}

TEST_P(ReloadTest, ManyReloadsLeaveNothingBehind) {
    plan("one");
    start();
    const auto reload_twice = [&] {
        for (const char* next : {"behave_next", "behave"}) {
            put(next);
            const auto report = host_->reload({"one"});
            ASSERT_TRUE(report) << to_string(report.error());
            ASSERT_TRUE(report->unloaded) << report->kept_because;
        }
    };
    reload_twice();
    const std::size_t descriptors = entries_of("/proc/self/fd");
    for (int i = 0; i < 50; ++i) {
        reload_twice();
    }
    EXPECT_EQ(entries_of("/proc/self/fd"), descriptors);
    EXPECT_TRUE(eventually([] { return entries_of("/proc/self/task") <= 6; }));
    EXPECT_EQ(status_of("one").generation, 103U);
}

// ---- State --------------------------------------------------------------------------------------

TEST_P(ReloadTest, TheStateGoesOnInTheNextGeneration) {
    plan("one", R"({"state": "1"})");
    start();
    remember("one", "a state in several parts");
    for (const char* next : {"behave_next", "behave"}) {
        put(next);
        const auto report = host_->reload({"one"});
        ASSERT_TRUE(report) << to_string(report.error());
        EXPECT_TRUE(report->unloaded) << report->kept_because;
        EXPECT_EQ(recalled("one"), "a state in several parts");
    }
    EXPECT_EQ(metric(*host_->find("one"), "saved"), 2);
    EXPECT_EQ(metric(*host_->find("one"), "loaded_schema"), 2) << "schema 1, twice";
}

TEST_P(ReloadTest, AnInstanceThatIsNotConnectedKeepsItsStateToo) {
    plan("one", R"({"state": "1"})");
    start();
    remember("one", "before");
    traffic_.send("one", "lost");
    EXPECT_TRUE(
        eventually([&] { return status_of("one").state == ConnectionState::disconnected; }));
    put("behave_next");
    const auto report = host_->reload({"one"});
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(generation_that_answers("one"), "2");
    EXPECT_EQ(recalled("one"), "before");
}

TEST_P(ReloadTest, AStateThatIsRefusedLeavesTheOldOneInService) {
    plan("one", R"({"state": "1", "load": "fail"})");
    start();
    remember("one", "kept");
    put("behave_next");
    const Error error = reload_error("one");
    EXPECT_EQ(error.code, "test.load");
    EXPECT_NE(error.message.find("refused to continue the state"), std::string::npos);
    EXPECT_EQ(generation_that_answers("one"), "1");
    EXPECT_EQ(recalled("one"), "kept");
    EXPECT_EQ(status_of("one").reloads, 0U);
}

TEST_P(ReloadTest, AStateThatCannotBeSavedLeavesTheOldOneInService) {
    plan("one", R"({"state": "1", "save": "fail"})");
    start();
    put("behave_next");
    EXPECT_EQ(reload_error("one").code, "test.save");
    EXPECT_EQ(generation_that_answers("one"), "1");
}

TEST_P(ReloadTest, AGenerationThatDoesNotSaveInTimeStaysInService) {
    plan("one", R"({"state": "1", "save": "never"})").limits.timeouts.disconnect = 100ms;
    start();
    put("behave_next");
    EXPECT_EQ(reload_error("one").code, "state.save_time_limit");
    EXPECT_EQ(generation_that_answers("one"), "1");
}

TEST_P(ReloadTest, ASchemaThatIsNotContinuedIsRefusedBeforeAnythingIsAsked) {
    plan("one", R"({"state": "1"})");
    start();
    remember("one", "kept");
    put("behave_schema_2");
    const Error error = reload_error("one");
    EXPECT_EQ(error.code, "reload.state_schema");
    EXPECT_NE(error.message.find("a state of schema 1"), std::string::npos) << error.message;
    EXPECT_EQ(metric(*host_->find("one"), "saved"), 0);
    EXPECT_EQ(metric(*host_->find("one"), "disconnect"), 0);
    EXPECT_EQ(recalled("one"), "kept");
}

TEST_P(ReloadTest, AStateIsLostOnlyWhenTheOperatorSaysSo) {
    plan("one", R"({"state": "1"})");
    start();
    remember("one", "kept");
    put("behave_1_0");  // knows nothing of states
    EXPECT_EQ(reload_error("one").code, "reload.state_lost");
    EXPECT_EQ(recalled("one"), "kept");
    const auto report = host_->reload({"one", false, true});  // the bytes are not to blame
    ASSERT_TRUE(report) << to_string(report.error());
    EXPECT_EQ(recalled("one"), "nothing");
}

// ---- Probation ----------------------------------------------------------------------------------

TEST_P(ReloadTest, NewCodeThatLosesItsConnectionGivesWayToTheOldOne) {
    probation_ = 60s;
    plan("one");
    start();
    put("behave_next");
    auto reload = begin_reload("one");
    EXPECT_EQ(generation_that_answers("one"), "2");
    traffic_.send("one", "lost");
    const auto report = reload.get();
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, "test.reset");
    EXPECT_NE(report.error().message.find("step `probation`"), std::string::npos)
        << report.error().message;
    EXPECT_EQ(generation_that_answers("one"), "1");
    EXPECT_EQ(status_of("one").generation, 1U);
    EXPECT_EQ(status_of("one").reloads, 0U);
    EXPECT_EQ(status_of("one").state, ConnectionState::connected);
    EXPECT_EQ(host_->quarantined().size(), 1U);
    EXPECT_EQ(traffic_.events.count("plugin.unloaded"), 1U);
    EXPECT_TRUE(traffic_.dead_letters.all().empty());
}

TEST_P(ReloadTest, NewCodeThatThrowsGivesWayToTheOldOne) {
    probation_ = 60s;
    plan("one");
    plan("two");
    start();
    put("behave_next");
    auto reload = begin_reload("one");
    EXPECT_TRUE(eventually([&] { return status_of("two").generation == 2; }));
    traffic_.send("two", "throw");
    const auto report = reload.get();
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, "exception.crossed");
    EXPECT_EQ(generation_that_answers("one"), "1") << "all instances go back";
    EXPECT_EQ(generation_that_answers("two"), "1");
    if (std::string(GetParam()) == "Loop") {
        EXPECT_NE(traffic_.events.text("connection.disconnect_failed").find("[plugin.lane_ended]"),
                  std::string::npos)
            << "nobody is left in its loop to say goodbye, and nobody waits for it";
    }
}

TEST_P(ReloadTest, TheOldOneIsWantedBackWhileItStillCompletesItsWork) {
    probation_ = 60s;
    drain_timeout_ = std::string(GetParam()) == "Beside" ? 60'000ms : 100ms;
    plan("one", R"({"batch": "keep"})");
    start();
    traffic_.send("one", "kept");
    EXPECT_TRUE(eventually([&] { return status_of("one").in_flight == 1; }));
    put("behave_next");
    auto reload = begin_reload("one");
    traffic_.send("one", "lost");
    EXPECT_FALSE(reload.get());
    EXPECT_EQ(generation_that_answers("one"), "1");
}

TEST_P(ReloadTest, WhatHasAStateIsOutOfProbationWithItsFirstEnvelope) {
    probation_ = 60s;
    plan("one", R"({"state": "1"})");
    start();
    put("behave_next");
    auto reload = begin_reload("one");
    EXPECT_EQ(generation_that_answers("one"), "2");
    const auto report = reload.get();
    ASSERT_TRUE(report) << to_string(report.error());
    traffic_.send("one", "lost");
    EXPECT_TRUE(
        eventually([&] { return status_of("one").state == ConnectionState::disconnected; }));
    EXPECT_EQ(status_of("one").generation, 2U);
}

TEST_P(ReloadTest, AHostThatStopsWaitsForNoProbation) {
    probation_ = 60s;
    plan("one");
    start();
    put("behave_next");
    auto reload = begin_reload("one");
    EXPECT_TRUE(host_->stop().clean());
    EXPECT_TRUE(reload.get());
}

INSTANTIATE_TEST_SUITE_P(Classes, ReloadTest, testing::Values("Driven", "Loop", "Beside"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace patchbay::plugins
