// SPDX-License-Identifier: Apache-2.0
/// \file
/// A running host with instances of "behave", whose library lies where tests replace it.
#pragma once

#include "instance_bench.hpp"
#include "plugins/connection_host.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::plugins::test {

class BehaveHost {
  protected:
    BehaveHost() { put("behave"); }

    /// The library that the plans name becomes that fixture, as an operator's copy would.
    void put(const std::string& fixture_name) {
        const auto fresh = data_.path() / "fresh.so";
        std::filesystem::copy_file(fixture(fixture_name), fresh);
        std::filesystem::rename(fresh, library_);
    }
    InstancePlan& plan_instance(const std::string& name, const std::string& class_name,
                                const std::string& config,
                                const std::vector<std::string>& dependencies) {
        InstancePlan planned = plan_of(name, "behave", class_name, config);
        planned.library = library_.string();
        planned.limits.timeouts.connect = std::chrono::seconds(10);
        for (const std::string& dependency : dependencies) {
            planned.dependencies.push_back({"tests/behave:0.1.0", dependency, {}});
        }
        plan_.instances.push_back(std::move(planned));
        return plan_.instances.back();
    }
    void start() {
        ConnectionHostOptions options;
        options.data_dir = data_.path().string();
        options.drain_timeout = drain_timeout_;
        options.reload_probation = probation_;
        options.probe = probe_;
        auto made = ConnectionHost::make(plan_, traffic_.multiplexer, clock_, traffic_.events,
                                         nullptr, std::move(options));
        ASSERT_TRUE(made) << to_string(made.error());
        host_ = std::move(*made);
        traffic_.multiplexer.set_routing({});
        ASSERT_TRUE(host_->start());
    }
    /// What the instance answers to that command.
    std::string ask(const std::string& name, const std::string& command) {
        EXPECT_EQ(traffic_.send(name, command), PATCHBAY_DELIVERY_ACCEPTED);
        return traffic_.receive().value_or("nobody");
    }
    [[nodiscard]] InstanceStatus status_of(const std::string& name) const {
        return host_->find(name)->status();
    }

    std::chrono::milliseconds drain_timeout_{100};
    std::chrono::milliseconds probation_{0};
    /// Nothing is tried, unless a test gives it the command.
    ProbeOptions probe_{{}, std::chrono::seconds(60)};
    TemporaryFolder data_;
    std::filesystem::path library_ = data_.path() / "behave.so";
    multiplexer::SystemClock clock_;
    Traffic traffic_{clock_};
    Plan plan_;
    std::unique_ptr<ConnectionHost> host_;
};

/// The parameter is the class: "Driven" and "Loop" are disconnected before their successor
/// connects, "Beside" after.
class BehaveHostTest : public BehaveHost, public testing::TestWithParam<const char*> {
  protected:
    InstancePlan& plan(const std::string& name, const std::string& config = "{}",
                       const std::vector<std::string>& dependencies = {}) {
        return plan_instance(name, GetParam(), config, dependencies);
    }
};

}  // namespace patchbay::plugins::test
