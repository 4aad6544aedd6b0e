// SPDX-License-Identifier: Apache-2.0
// Another plan for a running host, with real libraries.
#include "behave_host.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::metric;

class ApplyTest : public test::BehaveHostTest {
  protected:
    InstancePlan& planned(const std::string& name) {
        const auto found =
            std::find_if(plan_.instances.begin(), plan_.instances.end(),
                         [&](const InstancePlan& each) { return each.name == name; });
        EXPECT_NE(found, plan_.instances.end()) << name;
        return *found;
    }
    void unplan(const std::string& name) {
        plan_.instances.erase(plan_.instances.begin() + (&planned(name) - plan_.instances.data()));
    }
    ApplyReport apply(std::optional<multiplexer::RoutingTable> routing = std::nullopt) {
        auto applied = host_->apply({plan_, std::move(routing)});
        EXPECT_TRUE(applied) << to_string(applied.error());
        return applied.value_or(ApplyReport{});
    }
    /// "one added, two changed (config)", with the codes of what failed.
    static std::string show(const ApplyReport& report) {
        std::string text;
        for (const AppliedInstance& each : report.instances) {
            text +=
                (text.empty() ? "" : ", ") + each.name + ' ' + std::string(to_string(each.kind));
            text += each.parts.empty() ? "" : " (" + parts_text(each.parts) + ')';
            text += each.error ? " [" + each.error->code + ']' : "";
        }
        return text;
    }
    std::vector<std::string> names() const {
        std::vector<std::string> answer;
        for (const InstanceStatus& status : host_->status()) {
            answer.push_back(status.name);
        }
        return answer;
    }
};

TEST_P(ApplyTest, TheSamePlanTouchesNothing) {
    plan("one");
    start();
    planned("one").location.line = 17;
    const ApplyReport report = apply();
    EXPECT_EQ(show(report), "");
    EXPECT_EQ(report.unchanged, std::vector<std::string>{"one"});
    EXPECT_EQ(metric(*host_->find("one"), "create"), 1);
    EXPECT_EQ(host_->running().instances.front().location.line, 17U);
}

TEST_P(ApplyTest, AnAddedInstanceConnectsAndTakesItsMail) {
    plan("one");
    start();
    plan("two", R"({"color": "red"})");
    EXPECT_EQ(show(apply()), "two added");
    EXPECT_EQ(status_of("two").state, ConnectionState::connected);
    EXPECT_EQ(ask("two", "setting color"), "red");
    EXPECT_EQ(metric(*host_->find("one"), "create"), 1) << "it was not touched";
    EXPECT_EQ(traffic_.events.count("instance.added"), 1U);
    EXPECT_EQ(names(), (std::vector<std::string>{"one", "two"}));
    EXPECT_TRUE(host_->stop().clean());
}

TEST_P(ApplyTest, ANewLibraryIsTriedInAProcessOfItsOwnFirst) {
    probe_.command = {PATCHBAY_PROBE_PROGRAM};
    plan("one");
    start();
    plan("two").library = test::fixture("fatal_create").string();
    EXPECT_EQ(show(apply()), "two added [probe.crashed]");
    EXPECT_EQ(status_of("two").last_error.value_or(Error{}).code, "probe.crashed");
    EXPECT_EQ(ask("one", "echo here"), "here");
    plan("three").library = test::fixture("behave_next").string();
    EXPECT_EQ(show(apply()), "three added");
    EXPECT_EQ(ask("three", "generation"), "2");
}

TEST_P(ApplyTest, ARemovedInstanceIsDisconnectedAndForgotten) {
    plan("one");
    plan("two");
    plan_.instances.back().library = test::fixture("behave").string();
    start();
    unplan("two");
    EXPECT_EQ(show(apply()), "two removed");
    EXPECT_EQ(host_->find("two"), nullptr);
    EXPECT_EQ(names(), std::vector<std::string>{"one"});
    EXPECT_NE(traffic_.send("two", "echo lost"), PATCHBAY_DELIVERY_ACCEPTED);
    EXPECT_EQ(traffic_.events.count("instance.removed"), 1U);
    EXPECT_EQ(traffic_.events.count("plugin.unloaded"), 1U) << "nobody runs its library any more";
    EXPECT_EQ(host_->kept_libraries(), 0U);
    EXPECT_EQ(ask("one", "echo here"), "here");
    EXPECT_TRUE(host_->stop().clean());
}

TEST_P(ApplyTest, ARemovedInstanceMayComeBack) {
    plan("one");
    start();
    for (int i = 0; i < 5; ++i) {
        unplan("one");
        EXPECT_EQ(show(apply()), "one removed");
        EXPECT_TRUE(names().empty());
        plan("one");
        EXPECT_EQ(show(apply()), "one added");
        EXPECT_EQ(ask("one", "echo back"), "back");
    }
}

TEST_P(ApplyTest, AChangedConfigurationComesWithANewObjectOfTheSameGeneration) {
    plan("one", R"({"color": "red"})");
    plan("two", R"({"color": "red"})");
    start();
    EXPECT_EQ(ask("one", "setting color"), "red");
    planned("one").config_json = R"({"color": "blue"})";
    EXPECT_EQ(show(apply()), "one changed (config)");
    EXPECT_EQ(ask("one", "setting color"), "blue");
    EXPECT_EQ(ask("two", "setting color"), "red");
    EXPECT_EQ(status_of("one").generation, 1U);
    EXPECT_EQ(status_of("one").state, ConnectionState::connected);
    EXPECT_EQ(metric(*host_->find("one"), "create"), 2);
    EXPECT_EQ(metric(*host_->find("one"), "disconnect"), 1) << "the old object was asked to end";
    EXPECT_EQ(metric(*host_->find("two"), "create"), 1);
    EXPECT_EQ(traffic_.events.count("instance.changed"), 1U);
    EXPECT_EQ(show(apply()), "") << "it has been done";
    EXPECT_TRUE(host_->stop().clean());
}

TEST_P(ApplyTest, NothingIsLostWhileConfigurationsChange) {
    plan("one", R"({"color": "0"})");
    start();
    constexpr int rounds = 10;
    std::atomic<bool> changing{true};
    std::thread changer([&] {
        for (int i = 1; i <= rounds; ++i) {
            planned("one").config_json = R"({"color": ")" + std::to_string(i) + R"("})";
            EXPECT_EQ(show(apply()), "one changed (config)");
        }
        changing.store(false);
    });
    int last = 0;
    while (changing.load()) {
        const int color = std::atoi(ask("one", "setting color").c_str());
        EXPECT_GE(color, last);
        last = color;
    }
    changer.join();
    EXPECT_EQ(ask("one", "setting color"), std::to_string(rounds));
    EXPECT_TRUE(traffic_.dead_letters.all().empty());
}

TEST_P(ApplyTest, AConfigurationThatDoesNotWorkLeavesTheOldOneInService) {
    plan("one", R"({"color": "red"})");
    start();
    for (const char* broken :
         {R"({"color": "blue", "create": "fail"})", R"({"color": "blue", "connect": "fail"})"}) {
        planned("one").config_json = broken;
        const ApplyReport report = apply();
        ASSERT_EQ(report.instances.size(), 1U);
        ASSERT_TRUE(report.instances[0].error) << broken;
        EXPECT_EQ(ask("one", "setting color"), "red");
        EXPECT_EQ(host_->running().instances.front().config_json, R"({"color": "red"})");
    }
    EXPECT_EQ(traffic_.events.count("instance.change_failed"), 2U);
    EXPECT_EQ(traffic_.events.count("plugin.reload_failed"), 0U);
    EXPECT_TRUE(host_->quarantined().empty()) << "the library's bytes are not to blame";
    planned("one").config_json = R"({"color": "green"})";
    EXPECT_EQ(show(apply()), "one changed (config)");
    EXPECT_EQ(ask("one", "setting color"), "green");
}

TEST_P(ApplyTest, OneThatFailsDoesNotKeepTheOthersFromChanging) {
    plan("one", R"({"color": "red"})");
    plan("two", R"({"color": "red"})");
    start();
    planned("one").config_json = R"({"color": "blue", "create": "fail"})";
    planned("two").config_json = R"({"color": "blue"})";
    plan("three");
    const ApplyReport report = apply();
    EXPECT_FALSE(report.ok());
    EXPECT_EQ(ask("one", "setting color"), "red");
    EXPECT_EQ(ask("two", "setting color"), "blue");
    EXPECT_EQ(ask("three", "echo 3"), "3");
}

TEST_P(ApplyTest, APolicyChangesWithoutANewObject) {
    plan("one");
    start();
    planned("one").limits.on_failure = config::FailurePolicy::stop_and_exit;
    planned("one").required = true;
    EXPECT_EQ(show(apply()), "one changed (policy, required)");
    EXPECT_EQ(metric(*host_->find("one"), "create"), 1);
    EXPECT_TRUE(status_of("one").required);
    traffic_.send("one", "lost");
    EXPECT_TRUE(eventually([&] { return traffic_.events.count("host.stop_requested") == 1; }));
}

TEST_P(ApplyTest, AnotherClassUnderTheSameNameTakesItsPlace) {
    plan("one");
    plan("caller", "{}", {"one"});
    start();
    planned("one").class_id = "tests/other:0.1.0";
    planned("one").config_json = R"({"color": "blue"})";
    EXPECT_EQ(show(apply()), "one replaced (class, config), caller changed (dependencies)");
    EXPECT_EQ(ask("one", "setting color"), "blue");
    EXPECT_EQ(status_of("one").class_id, "tests/other:0.1.0");
    traffic_.send("caller", "call echo 1");
    EXPECT_TRUE(eventually([&] { return metric(*host_->find("caller"), "call_results") == 1; }));
    EXPECT_EQ(metric(*host_->find("caller"), "call_status"), 0) << "it is bound to the new one";
    EXPECT_TRUE(host_->stop().clean());
}

TEST_P(ApplyTest, DependenciesComeFirstAndGoLast) {
    plan("one");
    start();
    plan("service");
    plan("caller", "{}", {"service"});
    EXPECT_EQ(show(apply()), "service added, caller added");
    traffic_.send("caller", "call echo 1");
    EXPECT_TRUE(eventually([&] { return metric(*host_->find("caller"), "call_results") == 1; }));
    unplan("caller");
    unplan("service");
    EXPECT_EQ(show(apply()), "caller removed, service removed");
    EXPECT_TRUE(host_->stop().clean());
}

TEST_P(ApplyTest, AnInstanceThatCannotConnectIsToldAndStays) {
    plan("one");
    start();
    plan("two", R"({"connect": "fail"})");
    plan("caller", "{}", {"two"});
    const ApplyReport report = apply();
    EXPECT_FALSE(report.ok());
    EXPECT_EQ(status_of("two").state, ConnectionState::disconnected);
    planned("two").config_json = "{}";
    EXPECT_EQ(show(apply()), "two changed (config)");
    EXPECT_EQ(ask("two", "echo now"), "now");
    EXPECT_TRUE(eventually([&] { return status_of("caller").state == ConnectionState::connected; }))
        << "what waited for it connects";
}

TEST_P(ApplyTest, ANewInstanceThatCannotConnectDoesNotStopTheHostWhateverItsPolicy) {
    plan("one");
    start();
    InstancePlan& two = plan("two", R"({"connect": "fail"})");
    two.limits.on_failure = config::FailurePolicy::propagate;
    two.required = true;
    const ApplyReport report = apply();
    EXPECT_FALSE(report.ok());
    EXPECT_EQ(traffic_.events.count("host.stop_requested"), 0U);
    EXPECT_EQ(ask("one", "echo on"), "on");
}

TEST_P(ApplyTest, RoutesLeadToTheNewInstanceBeforeTheOldOneGoes) {
    plan("one");
    start();
    multiplexer::RoutingTable table;
    table.default_connection = "one";
    traffic_.multiplexer.set_routing(table);
    unplan("one");
    plan("two");
    table.default_connection = "two";
    EXPECT_EQ(show(apply(table)), "two added, one removed");
    const auto explained = traffic_.multiplexer.explain({.to = "somebody",
                                                         .sender = "tests/tester:0.1.0",
                                                         .protocol_id = "fetchai/default:1.0.0",
                                                         .source = "tester"});
    EXPECT_EQ(explained.destinations, std::vector<std::string>{"two"});
}

TEST_P(ApplyTest, ANewLibraryAndItsNewConfigurationComeTogether) {
    plan("one", R"({"color": "red"})");
    plan("two", R"({"color": "red"})");
    start();
    put("behave_next");
    planned("one").config_json = R"({"color": "blue"})";
    EXPECT_EQ(show(apply()), "one changed (config)");
    for (const char* name : {"one", "two"}) {
        EXPECT_EQ(ask(name, "generation"), "2") << name;
        EXPECT_EQ(metric(*host_->find(name), "create"), 2) << name;
    }
    EXPECT_EQ(ask("one", "setting color"), "blue");
    EXPECT_EQ(ask("two", "setting color"), "red");
}

TEST_P(ApplyTest, ABrokenLibraryDoesNotKeepTheConfigurationFromChanging) {
    plan("one", R"({"color": "red"})");
    start();
    std::filesystem::remove(library_);
    planned("one").config_json = R"({"color": "blue"})";
    EXPECT_EQ(show(apply()), "one changed (config)");
    EXPECT_EQ(ask("one", "setting color"), "blue");
    EXPECT_EQ(ask("one", "generation"), "1");
}

TEST_P(ApplyTest, AnInvalidPlanChangesNothing) {
    plan("one");
    start();
    plan("two");
    plan_.problems.push_back({ErrorClass::invalid, "graph.cycle", "in a circle", {}});
    const auto applied = host_->apply({plan_});
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().code, "graph.cycle");
    EXPECT_EQ(names(), std::vector<std::string>{"one"});
    plan_.problems.clear();
    (void)host_->stop();
    EXPECT_EQ(host_->apply({plan_}).error().code, "reload.not_running");
}

TEST_P(ApplyTest, CodeThatDoesNotEndIsToldAndStaysMapped) {
    plan("one");
    plan("two").limits.timeouts.disconnect = 200ms;
    start();
    traffic_.send("two", "hang");
    EXPECT_TRUE(eventually([&] { return status_of("two").threads == 2; }));
    const auto two = host_->find("two");
    unplan("two");
    EXPECT_EQ(show(apply()), "two removed [plugin.hung]");
    EXPECT_EQ(names(), (std::vector<std::string>{"one", "two"})) << "what hangs is not forgotten";
    const StopReport stopped = host_->stop();
    EXPECT_EQ(stopped.hung, std::vector<std::string>{"two"});
    std::ofstream(data_.path() / "release") << "go";
    EXPECT_TRUE(eventually([&] {  // the host is not taken apart under its code
        two->stop();
        return two->status().phase != InstancePhase::hung;
    }));
}

TEST_P(ApplyTest, WhoLooksMeanwhileSeesAWholeHost) {
    plan("one");
    start();
    std::atomic<bool> changing{true};
    std::thread reader([&] {
        while (changing.load()) {
            const std::size_t count = host_->status().size();
            EXPECT_TRUE(count == 1 || count == 2) << count;
            (void)host_->metrics();
            (void)host_->find("two");
        }
    });
    for (int i = 0; i < 10; ++i) {
        plan("two");
        (void)apply();
        unplan("two");
        (void)apply();
    }
    changing.store(false);
    reader.join();
}

INSTANTIATE_TEST_SUITE_P(Classes, ApplyTest, testing::Values("Driven", "Loop", "Beside"),
                         [](const auto& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace patchbay::plugins
