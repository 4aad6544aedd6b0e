// SPDX-License-Identifier: Apache-2.0
#include "app/watched_folders.hpp"

#include <cstddef>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

namespace patchbay::app {

namespace {

namespace fs = std::filesystem;

/// As many as discovery looks at.
constexpr std::size_t most_children = 4'096;

void add_children(const std::string& folder, std::set<std::string>& folders) {
    std::error_code error;
    std::size_t count = 0;
    fs::directory_iterator at(folder, error);
    for (const fs::directory_iterator end; !error && at != end && count < most_children;
         at.increment(error)) {
        std::error_code ignored;
        if (at->path().filename().string().front() == '.' || !at->is_directory(ignored)) {
            continue;
        }
        ++count;
        if (const fs::path real = fs::canonical(at->path(), ignored); !ignored) {
            folders.insert(real.string());
        }
    }
}

}  // namespace

WatchedFolders watched_folders(const HostView& view) {
    WatchedFolders watched;
    std::set<std::string> folders;
    for (const plugins::SearchedFolder& searched : view.catalogue.folders) {
        if (searched.watch) {
            watched.searched.push_back(searched.path);
            add_children(searched.path, folders);
        }
    }
    for (const plugins::FoundPlugin& plugin : view.catalogue.plugins) {
        if (plugin.watch) {
            folders.insert(plugin.folder);
        }
    }
    for (const plugins::InstancePlan& plan : view.plan.instances) {
        if (plan.watch && !plan.library.empty()) {
            watched.instances.emplace(plan.folder, plan.name);
            folders.insert(plan.folder);
        }
    }
    watched.folders.assign(folders.begin(), folders.end());
    return watched;
}

Result<FolderWatch> watch(const WatchedFolders& folders, std::vector<Error>& problems) {
    Result<FolderWatch> watch = FolderWatch::open();
    if (!watch) {
        return watch;
    }
    const auto note = [&problems](const Result<void>& added) {
        if (!added) {
            problems.push_back(added.error());
        }
    };
    for (const std::string& folder : folders.searched) {
        note(watch->add_search(folder));
    }
    for (const std::string& folder : folders.folders) {
        note(watch->add(folder));
    }
    return watch;
}

}  // namespace patchbay::app
