// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a host with `watch: true` looks at: the folders that are searched for plugins, and every
/// folder in them, because one that is no plugin yet may become one.
#pragma once

#include "app/folder_watch.hpp"
#include "app/host_view.hpp"

#include <patchbay/result.hpp>

#include <map>
#include <string>
#include <vector>

namespace patchbay::app {

struct WatchedFolders {
    /// Searched for plugin folders.
    std::vector<std::string> searched;
    /// Plugin folders, and those that may become one; without symbolic links, each once.
    std::vector<std::string> folders;
    /// An instance of the plugin in a folder, of those that run.
    std::map<std::string, std::string> instances;

    [[nodiscard]] bool empty() const { return searched.empty() && folders.empty(); }
};

[[nodiscard]] WatchedFolders watched_folders(const HostView& view);

/// A watch of all of them. What of it cannot be watched stands in `problems`, with the codes of
/// FolderWatch.
[[nodiscard]] Result<FolderWatch> watch(const WatchedFolders& folders,
                                        std::vector<Error>& problems);

}  // namespace patchbay::app
