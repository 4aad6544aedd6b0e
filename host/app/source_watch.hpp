// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tells which source files below a folder were saved. A file counts when it is complete: closed
/// after writing, or renamed to its place. What a build makes, version control, and what editors
/// keep beside a file do not count.
#pragma once

#include "app/inotify.hpp"

#include <patchbay/result.hpp>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::app {

/// By its name: not hidden, not a copy or lock of an editor, not made by a compiler.
[[nodiscard]] bool is_source_name(std::string_view name);
/// Hidden, named as a build folder is, or with the files of Meson, Ninja or CMake in it.
[[nodiscard]] bool is_build_folder(const std::string& folder);

/// Owned by one thread.
class SourceWatch {
  public:
    /// Bound of watched folders.
    static constexpr std::size_t most_folders = 4096;

    /// Watches `root` and what is below it, now or later, without build folders and without
    /// following symbolic links. Codes `watch.unavailable`, `watch.failed`,
    /// `watch.too_many_folders`.
    [[nodiscard]] static Result<SourceWatch> open(const std::string& root);

    /// Readable when `take` has something.
    [[nodiscard]] int descriptor() const { return notices_.descriptor(); }
    /// Files that were saved, relative to the root, each once. "." when too much happened to tell.
    /// A folder that came, or whose bound was passed, is told by what is in it as far as it is
    /// known.
    [[nodiscard]] std::vector<std::string> take();
    [[nodiscard]] std::size_t folder_count() const { return folders_.size(); }

  private:
    SourceWatch(Inotify notices, std::string root)
        : notices_(std::move(notices)), root_(std::move(root)) {}
    /// `saved`: gets the source files that are there already; may be null.
    Result<void> add(const std::string& folder, std::set<std::string>* saved);
    void hear(const Inotify::Notice& notice, std::set<std::string>& saved);
    [[nodiscard]] std::string relative(const std::string& path) const;

    Inotify notices_;
    std::string root_;
    /// Folders by the system's number.
    std::map<int, std::string> folders_;
};

}  // namespace patchbay::app
