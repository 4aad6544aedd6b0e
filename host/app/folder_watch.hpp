// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tells in which plugin folders something was put. It watches folders, never files, because a
/// build replaces files; and it hears of files that are complete: closed after writing, or renamed.
/// What is taken away counts only when it is a folder or a connection.yaml, because a linker takes
/// a library away before it writes the next one.
#pragma once

#include "app/inotify.hpp"

#include <patchbay/result.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::app {

struct FolderChange {
    std::string folder;
    /// The folder itself or its connection.yaml came, changed or went: there may be another plugin,
    /// or none. Else only other files did.
    bool anew = false;
};

/// Owned by one thread.
class FolderWatch {
  public:
    /// Code `watch.unavailable`.
    [[nodiscard]] static Result<FolderWatch> open();

    /// Watches a folder, and the one above it for a folder of that name that takes its place.
    /// Absolute, without symbolic links. Code `watch.failed`, with the system's bound where that is
    /// the reason.
    [[nodiscard]] Result<void> add(const std::string& folder);

    /// Watches a folder of plugin folders: those that come are watched as by `add`, and those that
    /// go are told. The same codes.
    [[nodiscard]] Result<void> add_search(const std::string& folder);

    /// Readable when `take` has something.
    [[nodiscard]] int descriptor() const { return notices_.descriptor(); }
    /// The folders in which something was put, each once; all of them when too much happened to
    /// tell.
    [[nodiscard]] std::vector<std::string> take();
    [[nodiscard]] std::vector<FolderChange> take_changes();

  private:
    explicit FolderWatch(Inotify notices) : notices_(std::move(notices)) {}
    /// Folders that changed, and whether anew.
    using Changes = std::map<std::string, bool>;
    void hear(const Inotify::Notice& notice, Changes& changed);
    void in_search_folder(const std::string& folder, const Inotify::Notice& notice,
                          Changes& changed);

    Inotify notices_;
    /// Folders by the system's number; and the folders in a folder that is watched for them.
    std::map<int, std::string> folders_;
    std::map<int, std::vector<std::string>> parents_;
    std::map<int, std::string> searched_;
};

}  // namespace patchbay::app
