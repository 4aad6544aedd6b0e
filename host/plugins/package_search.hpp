// SPDX-License-Identifier: Apache-2.0
/// \file
/// Looks for what a plugin's `dependencies` name, without loading anything: shared libraries where
/// the run-time linker would look, pkg-config modules where pkg-config would.
#pragma once

#include "config/connection_manifest.hpp"

#include <patchbay/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

class PackageSearch {
  public:
    /// The folders of this machine: LD_LIBRARY_PATH, /etc/ld.so.conf and what it includes, the
    /// linker's defaults; PKG_CONFIG_PATH, PKG_CONFIG_LIBDIR or the usual folders.
    [[nodiscard]] static PackageSearch of_this_machine();
    PackageSearch(std::vector<std::string> library_folders, std::vector<std::string> module_folders)
        : library_folders_(std::move(library_folders)),
          module_folders_(std::move(module_folders)) {}

    /// Nothing when the entry needs no check or what it names is there, else
    /// `plugin.library_missing`, `plugin.module_missing`, `plugin.module_version` or
    /// `version.malformed`. `plugin_folder` is searched for libraries first.
    [[nodiscard]] std::optional<Error> problem(const config::PackageDependency& dependency,
                                               const std::string& plugin_folder) const;

    /// Path of a library; empty when there is none.
    [[nodiscard]] std::string find_library(const std::string& name,
                                           const std::string& plugin_folder) const;
    /// Version of a pkg-config module; nothing when there is none.
    [[nodiscard]] std::optional<std::string> module_version(const std::string& name) const;

  private:
    std::vector<std::string> library_folders_;
    std::vector<std::string> module_folders_;
};

/// Folders named by a linker configuration file, its `include` lines followed; bounded.
[[nodiscard]] std::vector<std::string> linker_folders(const std::string& configuration_file);

}  // namespace patchbay::plugins
