// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tells in which plugin folders something was put. It watches folders, never files, because a
/// build replaces files; and it hears of files that are complete: closed after writing, or renamed.
#pragma once

#include "app/inotify.hpp"

#include <patchbay/result.hpp>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::app {

/// Owned by one thread.
class FolderWatch {
  public:
    /// Code `watch.unavailable`.
    [[nodiscard]] static Result<FolderWatch> open();

    /// Watches a folder, and the one above it for a folder of that name that takes its place.
    /// Absolute, without symbolic links. Code `watch.failed`, with the system's bound where that is
    /// the reason.
    [[nodiscard]] Result<void> add(const std::string& folder);

    /// Readable when `take` has something.
    [[nodiscard]] int descriptor() const { return notices_.descriptor(); }
    /// The folders in which something was put, each once; all of them when too much happened to
    /// tell.
    [[nodiscard]] std::vector<std::string> take();

  private:
    explicit FolderWatch(Inotify notices) : notices_(std::move(notices)) {}
    void hear(const Inotify::Notice& notice, std::set<std::string>& changed);

    Inotify notices_;
    /// Folders by the system's number; and the folders in a folder that is watched for them.
    std::map<int, std::string> folders_;
    std::map<int, std::vector<std::string>> parents_;
};

}  // namespace patchbay::app
