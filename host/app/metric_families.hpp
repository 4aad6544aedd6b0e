// SPDX-License-Identifier: Apache-2.0
/// \file
/// Everything the host counts, as metric families, and their two notations: the Prometheus text
/// format and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::app {

class HostProcess;

struct MetricSample {
    /// Label names and values.
    std::vector<std::pair<std::string, std::string>> labels;
    std::int64_t value = 0;
};

struct MetricFamily {
    std::string name;
    std::string help;
    bool is_counter = true;
    std::vector<MetricSample> samples;
};

[[nodiscard]] std::vector<MetricFamily> metric_families(HostProcess& host);

/// Text exposition format 0.0.4; values of labels and help are escaped.
[[nodiscard]] std::string prometheus_text(const std::vector<MetricFamily>& families);
[[nodiscard]] nlohmann::json to_json(const std::vector<MetricFamily>& families);

}  // namespace patchbay::app
