// SPDX-License-Identifier: Apache-2.0
/// \file
/// Finds plugins: a folder is a plugin when it holds a connection.yaml. Searched are the folders of
/// the host configuration, then those of PATCHBAY_PLUGIN_PATH, then the installed default; of each
/// the folder itself and its direct children, in the order of their names. Nothing of a plugin is
/// executed.
#pragma once

#include "config/host_configuration.hpp"
#include "plugins/catalogue.hpp"
#include "plugins/package_search.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

struct DiscoveryOptions {
    /// Of the host configuration; paths are absolute.
    std::vector<config::PluginFolder> folders;
    /// Value of PATCHBAY_PLUGIN_PATH: folders separated by ':' (';' on Windows).
    std::string plugin_path;
    /// Where installed plugins are; empty when there is no such place.
    std::string installed_folder;
    config::FingerprintPolicy fingerprint = config::FingerprintPolicy::warn;
    PackageSearch packages = PackageSearch::of_this_machine();
};

/// The options for a host configuration, with the environment of this process and the installed
/// default of this program.
[[nodiscard]] DiscoveryOptions discovery_options(const config::HostConfiguration& configuration);

/// Folder of installed plugins for a program at `program`: PREFIX/LIBDIR/patchbay/plugins-1 when it
/// stands in PREFIX/BINDIR, otherwise (in a build folder) empty.
[[nodiscard]] std::string installed_plugin_folder(const std::string& program);

/// Never fails: what is wrong stands in the result. Codes of folders: `folder.missing`,
/// `folder.not_a_folder`, `folder.read`, `folder.too_large` and those of `safety_problem`; of
/// plugins: those of `examine_plugin`, `plugin.duplicate`, `plugin.needs_plugin`.
[[nodiscard]] Catalogue discover(const DiscoveryOptions& options);

}  // namespace patchbay::plugins
