// SPDX-License-Identifier: Apache-2.0
/// \file
/// Wakes on changes of one path: of the file that is there and of which file that is. inotify;
/// nothing is polled.
#pragma once

#include "file_handle.hpp"

#include <string>

namespace patchbay::stub {

class FileWatch {
  public:
    /// `path` names a file in a folder that exists; the file itself need not.
    [[nodiscard]] static Result<FileWatch> open(const std::string& path);

    /// Readable when something changed. Stays owned by this.
    [[nodiscard]] int descriptor() const noexcept { return notify_.get(); }

    /// Takes note of the changes so far. To be called before looking at the file: what changes
    /// afterwards makes the descriptor readable again.
    void acknowledge();

    /// Watches the file that is at the path now, instead of the one before.
    [[nodiscard]] Result<void> follow();

  private:
    FileWatch(FileHandle notify, std::string path)
        : notify_(std::move(notify)), path_(std::move(path)) {}

    FileHandle notify_;
    std::string path_;
    int file_watch_ = -1;
};

}  // namespace patchbay::stub
