// SPDX-License-Identifier: Apache-2.0
#include "app/metric_families.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace patchbay::app {
namespace {

const std::vector<MetricFamily> families = {
    {"a_total", "Line one\nand \\ two.", true, {{{{"instance", "x\"y\\z"}}, 3}, {{}, 4}}},
    {"b", "", false, {{{}, -1}}},
};

TEST(MetricFamilies, PrometheusTextEscapesLabelsAndHelp) {
    EXPECT_EQ(prometheus_text(families),
              "# HELP a_total Line one\\nand \\\\ two.\n"
              "# TYPE a_total counter\n"
              "a_total{instance=\"x\\\"y\\\\z\"} 3\n"
              "a_total 4\n"
              "# HELP b \n"
              "# TYPE b gauge\n"
              "b -1\n");
}

TEST(MetricFamilies, JsonKeepsTypesAndLabels) {
    const nlohmann::json json = to_json(families);
    EXPECT_EQ(json.at("a_total").at("samples").at(0).at("labels").at("instance"), "x\"y\\z");
    EXPECT_EQ(json.at("b").at("type"), "gauge");
}

}  // namespace
}  // namespace patchbay::app
