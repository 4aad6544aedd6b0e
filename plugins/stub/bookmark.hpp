// SPDX-License-Identifier: Apache-2.0
/// \file
/// A position in a data file, remembered in a small file beside it, so that it survives the death
/// of the process. The file holds two records of fixed size that are written in turn, each with a
/// sequence number and a checksum: a torn write leaves the record before it. They are text; `cat`
/// shows them.
#pragma once

#include "file_handle.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace patchbay::stub {

/// How far the emptying of a consumed data file had got. A file that was emptied and filled again
/// with the same bytes looks as if it had not been emptied; therefore its beginning is overwritten
/// with random bytes ("the mark") first.
enum class Emptying : unsigned char {
    none = 0,
    marking = 1,  ///< the mark may have been written; the file has not been emptied
    marked = 2,   ///< the mark is there unless the file has been emptied
};

struct Position {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t offset = 0;
    /// The bytes before `offset`, a few; other bytes there mean another file.
    std::string before{};
    Emptying emptying = Emptying::none;
    std::string mark{};

    friend bool operator==(const Position&, const Position&) = default;
};

/// How many bytes `Position::before` has at most.
inline constexpr std::size_t bytes_before = 48;

/// The position at `offset` of an open data file.
[[nodiscard]] Result<Position> position_at(const FileHandle& file, const std::string& path,
                                           std::uint64_t offset);

/// Where to go on in an open data file: the remembered offset if the file is still what it was,
/// else 0.
[[nodiscard]] Result<std::uint64_t> resume_offset(const FileHandle& file, const std::string& path,
                                                  const Position& remembered);

class Bookmark {
  public:
    /// Fails with code "stub.in_use" while another process has it open.
    [[nodiscard]] static Result<Bookmark> open(const std::string& path);

    /// The last position stored, by this or an earlier process.
    [[nodiscard]] const std::optional<Position>& position() const noexcept { return position_; }

    /// Survives the death of the process from when this returns.
    [[nodiscard]] Result<void> store(Position position);
    /// Survives a loss of power, too, from when this returns. Slow.
    [[nodiscard]] Result<void> sync();
    [[nodiscard]] bool needs_sync() const noexcept { return unsynced_; }

  private:
    Bookmark(FileHandle file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

    FileHandle file_;
    std::string path_;
    std::optional<Position> position_;
    std::uint64_t sequence_ = 0;
    bool unsynced_ = false;
};

}  // namespace patchbay::stub
