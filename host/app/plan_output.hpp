// SPDX-License-Identifier: Apache-2.0
/// \file
/// Plugins and planned instances, as JSON and in words.
#pragma once

#include "app/host_view.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace patchbay::app {

[[nodiscard]] nlohmann::ordered_json to_json(const plugins::FoundPlugin& plugin);
[[nodiscard]] nlohmann::ordered_json to_json(const plugins::SearchedFolder& folder);
/// Secrets in its configuration are not shown.
[[nodiscard]] nlohmann::ordered_json to_json(const plugins::InstancePlan& instance);

/// "planned", "disabled", "failed".
[[nodiscard]] const char* to_string(plugins::PlanState state);
/// Planned ones in the order of their start, then the others.
[[nodiscard]] std::vector<const plugins::InstancePlan*> all_instances(const plugins::Plan& plan);
/// Instances whose class is that plugin.
[[nodiscard]] std::vector<const plugins::InstancePlan*> instances_of(
    const plugins::Plan& plan, const plugins::FoundPlugin& plugin);
/// Text of the first error, on one line; empty when there is none.
[[nodiscard]] std::string first_reason(const std::vector<Error>& errors);
/// The instance's configuration with secrets replaced.
[[nodiscard]] nlohmann::ordered_json shown_config(const std::string& config_json);

}  // namespace patchbay::app
