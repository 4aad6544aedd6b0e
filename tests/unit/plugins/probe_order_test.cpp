// SPDX-License-Identifier: Apache-2.0
#include "plugins/probe_order.hpp"

#include "instance_bench.hpp"

#include <gtest/gtest.h>

namespace patchbay::plugins {
namespace {

using namespace std::chrono_literals;

ProbeOrder some_order() {
    ProbeOrder order;
    order.parent = 4711;
    order.identity = {"patchbay 1.2.3", 0x10000, 0x10001};
    order.library = "/data/run/\xff/lib.so";  // no UTF-8
    order.folder = "/data/run/probe";
    order.plugin = "tests/behave:0.1.0";
    order.instances.push_back(test::plan_of("one", "behave", "Driven", R"({"text":"\u00e4"})"));
    order.instances.push_back(test::plan_of("two", "behave", "Loop"));
    config::ConnectionLimits& limits = order.instances[1].limits;
    limits.timeouts.connect = 1500ms;
    limits.timeouts.disconnect = 250ms;
    limits.max_in_flight = 7;
    limits.ordered_sends = true;
    limits.max_thread_workers = 3;
    limits.lane_limit = 2;
    order.instances[1].is_abstract = true;
    return order;
}

TEST(ProbeOrder, ArrivesAsItWasWritten) {
    const auto read = read_probe_order(to_text(some_order()));
    ASSERT_TRUE(read) << to_string(read.error());
    EXPECT_EQ(read->parent, 4711);
    EXPECT_EQ(read->identity.name, "patchbay 1.2.3");
    EXPECT_EQ(read->identity.abi_minimum, 0x10000U);
    EXPECT_EQ(read->identity.abi_maximum, 0x10001U);
    EXPECT_EQ(read->library, "/data/run/\xff/lib.so");
    EXPECT_EQ(read->folder, "/data/run/probe");
    EXPECT_EQ(read->plugin, "tests/behave:0.1.0");
    ASSERT_EQ(read->instances.size(), 2U);
    const InstancePlan& one = read->instances[0];
    EXPECT_EQ(one.name, "one");
    EXPECT_EQ(one.component_id, "tests/one:0.1.0");
    EXPECT_EQ(one.class_id, "tests/behave:0.1.0");
    EXPECT_EQ(one.manifest->class_name, "Driven");
    EXPECT_EQ(one.library, read->library);
    EXPECT_EQ(one.config_json, R"({"text":"\u00e4"})");
    EXPECT_FALSE(one.is_abstract);
    EXPECT_EQ(one.limits.max_in_flight, std::nullopt);
    EXPECT_EQ(one.limits.ordered_sends, std::nullopt);
    EXPECT_EQ(one.limits.max_thread_workers, std::nullopt);
    EXPECT_EQ(one.limits.lane_limit, std::nullopt);
    const InstancePlan& two = read->instances[1];
    EXPECT_TRUE(two.is_abstract);
    EXPECT_EQ(two.limits.timeouts.connect, 1500ms);
    EXPECT_EQ(two.limits.timeouts.disconnect, 250ms);
    EXPECT_EQ(two.limits.max_in_flight, 7U);
    EXPECT_EQ(two.limits.ordered_sends, true);
    EXPECT_EQ(two.limits.max_thread_workers, 3U);
    EXPECT_EQ(two.limits.lane_limit, 2U);
}

TEST(ProbeOrder, RefusesWhatNoHostWrote) {
    const std::string text = to_text(some_order());
    for (const std::string& other :
         {std::string(), std::string("run"), text.substr(0, text.size() / 2), text + text}) {
        const auto read = read_probe_order(other);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, "probe.order");
    }
}

}  // namespace
}  // namespace patchbay::plugins
