// SPDX-License-Identifier: Apache-2.0
#include "plugins/connection_host.hpp"

#include "instance_bench.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::metric;

class ConnectionHostTest : public testing::Test {
  protected:
    InstancePlan& plan(const std::string& name, const std::string& config = "{}",
                       const std::vector<std::string>& dependencies = {}) {
        InstancePlan planned = test::plan_of(name, "behave", "Driven", config);
        planned.limits.timeouts.connect = 10s;
        for (const std::string& dependency : dependencies) {
            planned.dependencies.push_back({"tests/behave:0.1.0", dependency, {}});
        }
        plan_.instances.push_back(std::move(planned));
        return plan_.instances.back();
    }
    void make() {
        ConnectionHostOptions options;
        options.data_dir = data_.path().string();
        options.drain_timeout = 100ms;
        options.on_state = [this](const std::string& instance, const StateChange& change) {
            const std::lock_guard lock(mutex_);
            changes_.push_back(instance + ' ' + std::string(to_string(change.to)));
        };
        options.on_stop_requested = [this](const StopRequest& request) {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
        };
        auto made = ConnectionHost::make(plan_, traffic_.multiplexer, clock_, traffic_.events,
                                         nullptr, std::move(options));
        ASSERT_TRUE(made) << to_string(made.error());
        host_ = std::move(*made);
        traffic_.multiplexer.set_routing({});
    }
    std::vector<std::string> changes() {
        const std::lock_guard lock(mutex_);
        return changes_;
    }
    std::size_t requests() {
        const std::lock_guard lock(mutex_);
        return requests_.size();
    }
    /// Place of a change among all; fails when it is not there.
    std::size_t place(const std::string& change) {
        const auto all = changes();
        const auto found = std::find(all.begin(), all.end(), change);
        EXPECT_NE(found, all.end()) << change;
        return static_cast<std::size_t>(found - all.begin());
    }

    test::TemporaryFolder data_;
    multiplexer::SystemClock clock_;
    test::Traffic traffic_{clock_};
    Plan plan_;
    std::mutex mutex_;
    std::vector<std::string> changes_;
    std::vector<StopRequest> requests_;
    std::unique_ptr<ConnectionHost> host_;
};

TEST_F(ConnectionHostTest, ConnectsDependenciesFirstAndDisconnectsThemLast) {
    plan("base");
    plan("middle", "{}", {"base"});
    plan("top", "{}", {"middle", "base"});
    plan("alone");
    make();
    ASSERT_TRUE(host_->start());
    host_->scheduler().settle();
    EXPECT_LT(place("base connected"), place("middle connecting"));
    EXPECT_LT(place("middle connected"), place("top connecting"));
    for (const InstanceStatus& status : host_->status()) {
        EXPECT_EQ(status.state, ConnectionState::connected) << status.name;
        EXPECT_EQ(status.generation, 1U);
    }
    EXPECT_EQ(traffic_.events.count("plugin.loaded"), 1U) << "one library, one generation";
    const StopReport report = host_->stop();
    EXPECT_TRUE(report.clean());
    EXPECT_LT(place("top disconnected"), place("middle disconnecting"));
    EXPECT_LT(place("middle disconnected"), place("base disconnecting"));
    EXPECT_EQ(traffic_.events.count("plugin.unloaded"), 1U);
    EXPECT_EQ(traffic_.events.count("plugin.still_mapped"), 0U);
}

TEST_F(ConnectionHostTest, AFailureLeavesTheOthersAlone) {
    plan("bad", R"({"connect": "fail"})");
    plan("good");
    plan("broken").library = (data_.path() / "missing.so").string();
    make();
    ASSERT_TRUE(host_->start());
    const auto status = host_->status();
    EXPECT_EQ(status[0].state, ConnectionState::disconnected);
    EXPECT_EQ(status[0].last_error->code, "test.refused");
    EXPECT_EQ(status[1].state, ConnectionState::connected);
    EXPECT_EQ(status[2].phase, InstancePhase::failed);
    EXPECT_EQ(status[2].last_error->code, "plugin.copy_failed");
    EXPECT_EQ(requests(), 0U) << "just_log is the default";
}

TEST_F(ConnectionHostTest, ARequiredInstanceStopsTheStart) {
    plan("good");
    plan("bad", R"({"connect": "fail"})").required = true;
    make();
    const auto started = host_->start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, "test.refused");
    EXPECT_NE(started.error().message.find("bad could not connect"), std::string::npos);
    for (const InstanceStatus& status : host_->status()) {
        EXPECT_EQ(status.state, ConnectionState::disconnected);
    }
    EXPECT_EQ(requests(), 0U) << "the start's answer is enough";
}

TEST_F(ConnectionHostTest, ALibraryThatIsMissingStopsTheStartOfARequiredInstance) {
    InstancePlan& planned = plan("broken");
    planned.library = test::fixture("no_entry").string();
    planned.required = true;
    make();
    const auto started = host_->start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, "plugin.no_entry");
}

TEST_F(ConnectionHostTest, PropagateStopsTheStartToo) {
    plan("bad", R"({"connect": "fail"})").limits.on_failure = config::FailurePolicy::propagate;
    make();
    EXPECT_FALSE(host_->start());
}

TEST_F(ConnectionHostTest, ADependentWaitsForItsDependency) {
    InstancePlan& base = plan("base", R"({"connect": "fail"})");
    base.limits.reconnect = {1U, 1ms, 1ms, 0.0};
    plan("top", "{}", {"base"});
    make();
    ASSERT_TRUE(host_->start());
    EXPECT_EQ(traffic_.events.count("connection.waiting"), 1U);
    EXPECT_EQ(host_->find("top")->state(), ConnectionState::disconnected);
    EXPECT_EQ(metric(*host_->find("top"), "connect"), 0);
}

TEST_F(ConnectionHostTest, ADependentConnectsWhenItsDependencyDoes) {
    InstancePlan& base = plan("base", R"({"connect": "hang"})");
    base.limits.timeouts.connect = 50ms;
    base.limits.timeouts.disconnect = 50ms;
    plan("top", "{}", {"base"});
    make();
    ASSERT_TRUE(host_->start());
    const auto top = host_->find("top");
    EXPECT_EQ(top->state(), ConnectionState::disconnected);
    // Released, "hang" answers with a failure; only then can it be asked again.
    std::ofstream(data_.path() / "release") << "go";
    EXPECT_TRUE(eventually([&] { return !host_->find("base")->status().unresponsive; }));
    EXPECT_EQ(top->state(), ConnectionState::disconnected);
}

TEST_F(ConnectionHostTest, PoliciesAskForTheEndOnce) {
    InstancePlan& lost = plan("lost");
    lost.limits.on_failure = config::FailurePolicy::stop_and_exit;
    plan("sends", R"({"batch": "fail"})").limits.on_failure = config::FailurePolicy::propagate;
    make();
    ASSERT_TRUE(host_->start());
    traffic_.send("lost", "lost");
    EXPECT_TRUE(eventually([&] { return requests() == 1; }));
    traffic_.send("sends", "anything");
    EXPECT_TRUE(traffic_.events.wait("connection.send_failed"));
    host_->scheduler().settle();
    ASSERT_EQ(requests(), 1U);
    EXPECT_EQ(requests_[0].instance, "lost");
    EXPECT_EQ(requests_[0].kind, FailureKind::receive);
    EXPECT_EQ(requests_[0].policy, config::FailurePolicy::stop_and_exit);
}

TEST_F(ConnectionHostTest, StopDrainsAndSaysWhatIsLeft) {
    plan("keeps", R"({"batch": "keep"})").limits.max_in_flight = 1;
    make();
    ASSERT_TRUE(host_->start());
    traffic_.send("keeps", "one");
    traffic_.send("keeps", "two");
    EXPECT_TRUE(eventually([&] { return host_->find("keeps")->status().in_flight == 1; }));
    const StopReport report = host_->stop();
    EXPECT_FALSE(report.clean());
    ASSERT_EQ(report.leftover.size(), 1U);
    EXPECT_EQ(report.leftover[0].instance, "keeps");
    EXPECT_EQ(report.leftover[0].queued, 1U);
    EXPECT_EQ(report.leftover[0].in_flight, 1U);
    EXPECT_EQ(report.abandoned, 1U);
}

TEST_F(ConnectionHostTest, HurryCutsTheDrainShort) {
    plan("keeps", R"({"batch": "keep"})");
    ConnectionHostOptions options;
    options.data_dir = data_.path().string();
    options.drain_timeout = std::chrono::hours(1);
    auto made = ConnectionHost::make(plan_, traffic_.multiplexer, clock_, traffic_.events, nullptr,
                                     std::move(options));
    ASSERT_TRUE(made);
    ASSERT_TRUE((*made)->start());
    traffic_.send("keeps", "one");
    EXPECT_TRUE(eventually([&] { return (*made)->find("keeps")->status().in_flight == 1; }));
    std::thread impatient([&] { (*made)->hurry(); });
    EXPECT_FALSE((*made)->stop().clean());
    impatient.join();
}

TEST_F(ConnectionHostTest, AnAbstractInstanceWithoutALibraryOnlyExists) {
    InstancePlan& defaults = plan("defaults");
    defaults.library.clear();
    defaults.is_abstract = true;
    plan("concrete", "{}", {"defaults"});
    make();
    ASSERT_TRUE(host_->start());
    EXPECT_EQ(host_->find("concrete")->state(), ConnectionState::connected);
    EXPECT_NE(traffic_.send("defaults", "x"), PATCHBAY_DELIVERY_ACCEPTED)
        << "an abstract connection carries no traffic";
}

TEST_F(ConnectionHostTest, AnAbstractInstanceAnswersCalls) {
    plan("service").is_abstract = true;
    plan("caller", "{}", {"service"});
    make();
    ASSERT_TRUE(host_->start());
    traffic_.send("caller", "call echo 123");
    EXPECT_TRUE(eventually([&] { return metric(*host_->find("caller"), "call_results") == 1; }));
    EXPECT_EQ(metric(*host_->find("caller"), "call_status"), 0);
}

TEST_F(ConnectionHostTest, AHungInstanceIsNamedInTheReport) {
    plan("stuck").limits.timeouts.disconnect = 50ms;
    plan("good");
    make();
    ASSERT_TRUE(host_->start());
    traffic_.send("stuck", "hang");
    EXPECT_TRUE(eventually([&] { return host_->find("stuck")->status().threads == 2; }));
    const StopReport report = host_->stop();
    EXPECT_EQ(report.hung, std::vector<std::string>{"stuck"});
    // Taken apart only after its code has ended.
    const auto stuck = host_->find("stuck");
    std::ofstream(data_.path() / "release") << "go";
    EXPECT_TRUE(eventually([&] { return stuck->status().threads == 0; }));
    stuck->stop();
}

TEST_F(ConnectionHostTest, AnInstanceThatClashesIsRefused) {
    plan("tester");
    ConnectionHostOptions options;
    options.data_dir = data_.path().string();
    auto made = ConnectionHost::make(plan_, traffic_.multiplexer, clock_, traffic_.events, nullptr,
                                     std::move(options));
    EXPECT_FALSE(made);
}

// What hot reload stands on: not one generation of a plugin with a Boost.Asio loop stays behind.
TEST_F(ConnectionHostTest, AnAsioPluginComesAndGoesAThousandTimes) {
    auto runs = RunFolder::create(data_.path());
    ASSERT_TRUE(runs);
    const std::shared_ptr<RunFolder> shared = std::move(*runs);
    Scheduler scheduler(clock_);
    CallRouter calls(scheduler);
    const HostServices services{traffic_.events, clock_, traffic_.multiplexer,
                                scheduler,       calls,  nullptr};
    test::RecordingListener listener;
    for (int i = 0; i < 10 * PATCHBAY_TEST_ROUNDS; ++i) {
        auto instance = Instance::add(test::plan_of("asio", "asio", "AsioLoop"), services,
                                      data_.path().string(), listener);
        ASSERT_TRUE(instance);
        auto generation = PluginGeneration::load(shared, test::fixture("asio").string(),
                                                 "tests/asio:0.1.0", 1, {}, 20s, traffic_.events);
        ASSERT_TRUE(generation) << to_string(generation.error());
        const auto copy = (*generation)->library().copy().file;
        ASSERT_TRUE((*instance)->load(std::move(*generation)));
        ASSERT_TRUE((*instance)->connect());
        ASSERT_TRUE((*instance)->wait_connected());
        ASSERT_EQ(traffic_.send("asio", "x"), PATCHBAY_DELIVERY_ACCEPTED);
        (*instance)->stop();
        ASSERT_FALSE(platform::is_mapped(copy)) << "generation " << i;
        ASSERT_FALSE(std::filesystem::exists(copy));
        scheduler.settle();
    }
    EXPECT_EQ(traffic_.events.count("plugin.unloaded"), 10U * PATCHBAY_TEST_ROUNDS);
}

}  // namespace
}  // namespace patchbay::plugins
