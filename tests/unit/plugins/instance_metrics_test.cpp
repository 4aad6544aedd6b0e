// SPDX-License-Identifier: Apache-2.0
#include "plugins/instance_metrics.hpp"

#include <gtest/gtest.h>

namespace patchbay::plugins {
namespace {

TEST(InstanceMetrics, CountersGrowAndGaugesMove) {
    InstanceMetrics metrics;
    const auto requests = metrics.register_metric(MetricKind::counter, "requests", "Seen.");
    const auto open = metrics.register_metric(MetricKind::gauge, "open", "");
    metrics.add(requests, 2);
    metrics.add(requests, -1);
    metrics.set(requests, 100);
    metrics.add(open, 5);
    metrics.add(open, -2);
    const auto values = metrics.snapshot();
    ASSERT_EQ(values.size(), 2U);
    EXPECT_EQ(values[0].name, "requests");
    EXPECT_EQ(values[0].help, "Seen.");
    EXPECT_EQ(values[0].value, 2);
    EXPECT_EQ(values[1].value, 3);
    metrics.set(open, 7);
    EXPECT_EQ(metrics.snapshot()[1].value, 7);
}

TEST(InstanceMetrics, TheSameNameIsTheSameMetric) {
    InstanceMetrics metrics;
    const auto id = metrics.register_metric(MetricKind::counter, "a", "");
    EXPECT_NE(id, 0U);
    EXPECT_EQ(metrics.register_metric(MetricKind::counter, "a", "other"), id);
    EXPECT_EQ(metrics.register_metric(MetricKind::gauge, "a", ""), 0U);
}

TEST(InstanceMetrics, RefusesNamesThatAreNone) {
    InstanceMetrics metrics;
    for (const char* name : {"", "A", "1a", "a-b", "a b", "ä"}) {
        EXPECT_EQ(metrics.register_metric(MetricKind::counter, name, ""), 0U) << name;
    }
    metrics.add(0, 1);
    metrics.set(99, 1);
    EXPECT_TRUE(metrics.snapshot().empty());
}

TEST(InstanceMetrics, TheTableIsBounded) {
    InstanceMetrics metrics;
    for (std::size_t i = 0; i < InstanceMetrics::capacity; ++i) {
        EXPECT_NE(metrics.register_metric(MetricKind::counter, "m" + std::to_string(i), ""), 0U);
    }
    EXPECT_EQ(metrics.register_metric(MetricKind::counter, "one_more", ""), 0U);
    EXPECT_EQ(metrics.register_metric(MetricKind::counter, "m0", ""), 1U);
}

}  // namespace
}  // namespace patchbay::plugins
