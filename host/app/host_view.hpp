// SPDX-License-Identifier: Apache-2.0
/// \file
/// A host as far as it can be known without running code of a plugin: its configuration, the
/// plugins that were found, and the plan. What `run` starts is what the reading verbs show.
#pragma once

#include "config/host_configuration.hpp"
#include "config/problems.hpp"
#include "plugins/catalogue.hpp"
#include "plugins/plan.hpp"

#include <string>
#include <vector>

namespace patchbay::app {

struct HostView {
    config::HostConfiguration configuration;
    plugins::Catalogue catalogue;
    plugins::Plan plan;
};

/// Reads the configuration, discovers and resolves. Fails only for the configuration itself.
[[nodiscard]] config::Checked<HostView> load_host_view(const std::string& path);

/// Without a configuration: what PATCHBAY_PLUGIN_PATH and the installed default hold.
[[nodiscard]] HostView view_without_configuration();

/// Everything that `check` objects to: problems of folders and of the plan, instances that cannot
/// start, and plugins that would start by themselves but are broken.
[[nodiscard]] std::vector<Error> errors_of(const HostView& view);
/// What is worth repairing besides.
[[nodiscard]] std::vector<Error> warnings_of(const HostView& view);

}  // namespace patchbay::app
