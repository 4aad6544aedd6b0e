// SPDX-License-Identifier: Apache-2.0
/// \file
/// Do the routes and bindings of a host configuration name instances that will exist? Asked when
/// the plugin folders are known, because autostart makes instances too.
#pragma once

#include "config/host_configuration.hpp"
#include "config/problems.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::config {

/// One instance that the host would run.
struct KnownInstance {
    std::string name;
    /// `author/NAME:version` of the instance: what envelopes call it.
    std::string component_id;
};

/// Index of the instance that `target` names: an instance name, an exact component id, else the
/// first component of that author and name in whatever version (upstream's rule).
[[nodiscard]] std::optional<std::size_t> find_instance(std::string_view target,
                                                       const std::vector<KnownInstance>& instances);

/// Every route and binding that names nobody, with its place and the nearest name
/// (`routing.unknown_target`).
[[nodiscard]] Problems check_references(const HostConfiguration& host,
                                        const std::vector<KnownInstance>& instances);

}  // namespace patchbay::config
