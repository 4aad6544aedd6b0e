// SPDX-License-Identifier: Apache-2.0
/// \file
/// From what was found and what was configured to what is to run: makes the instances (those of the
/// configuration and those of autostart), binds the entries of `connections` to instances, merges
/// the configurations, and puts everything in order. One pass reports every problem.
#pragma once

#include "config/host_configuration.hpp"
#include "plugins/catalogue.hpp"
#include "plugins/plan.hpp"

namespace patchbay::plugins {

/// An instance that cannot be started fails with those that need it, and nothing else does; only
/// what a `required` instance needs, and routes that lead nowhere, become problems of the plan.
///
/// Codes of instances: `graph.class_missing`, `graph.class_broken` (followed by the plugin's own
/// errors), `graph.name_taken`, `graph.dependency_missing`, `graph.dependency_not_configured`,
/// `graph.dependency_disabled`, `graph.dependency_ambiguous`, `graph.dependency_failed`,
/// `graph.version_conflict`, `graph.bind_wrong_class`, `graph.bind_unused`, `graph.cycle`,
/// `graph.no_library`, and those of `config::merge_instance_config`. Of the plan:
/// `routing.unknown_target`. Warnings: `graph.version_differs`, `routing.target_not_running`.
[[nodiscard]] Plan resolve(const config::HostConfiguration& configuration,
                           const Catalogue& catalogue);

}  // namespace patchbay::plugins
