// SPDX-License-Identifier: Apache-2.0
/// \file
/// The file to which the stub appends envelopes, under upstream's lock. Unlike upstream it is not
/// emptied when the connection connects: what nobody has read yet stays. A process that was killed
/// while it wrote may have left half a line; the position after the last whole write is kept in
/// `PATH.offset`, and what is no whole line behind it is cut off before the next write. A file that
/// others moved away is left alone and a new one begun.
///
/// One thread at a time; nothing here waits for the lock.
#pragma once

#include "bookmark.hpp"
#include "file_handle.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::stub {

class OutputFile {
  public:
    /// Opens the file and creates it when it is missing.
    [[nodiscard]] static Result<OutputFile> open(const std::string& path);

    /// Appends whole lines. True when they are written (handed to the operating system), false when
    /// somebody else holds the lock: try again soon. After a failure nothing of them is in the
    /// file.
    [[nodiscard]] Result<bool> append(std::string_view lines);

    /// Bytes of half lines that were cut off.
    [[nodiscard]] std::uint64_t repaired_bytes() const noexcept { return repaired_bytes_; }

  private:
    OutputFile(std::string path, FileHandle file, Bookmark bookmark)
        : path_(std::move(path)), file_(std::move(file)), bookmark_(std::move(bookmark)) {}

    [[nodiscard]] Result<void> repair();
    [[nodiscard]] Result<void> write_at_end(std::string_view lines);

    std::string path_;
    FileHandle file_;
    Bookmark bookmark_;
    bool repaired_ = false;
    std::uint64_t repaired_bytes_ = 0;
};

}  // namespace patchbay::stub
