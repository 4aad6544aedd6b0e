// SPDX-License-Identifier: Apache-2.0
/// \file
/// The file from which the stub takes envelopes. Others append lines to it (stub_format.hpp), with
/// or without upstream's lock; this side hands the lines out, learns which of them have been
/// consumed, and forgets those only then:
///
/// - The position up to which everything was consumed is kept in `PATH.offset`, so that a process
/// that
///   is killed goes on there; at most the lines that were out at that moment come again.
/// - When all lines are consumed and the file has been quiet for a moment, it is emptied, under the
/// lock.
///   (A writer without the lock could otherwise lose the line it appends in just that instant.)
/// - A file that others emptied is read from its beginning. A file that others moved away is read
/// to its
///   end first, also by the next process if this one is killed meanwhile, then the new one is.
///
/// One thread at a time. Nothing here waits: when the lock is held by somebody else, `next` says so
/// and is to be called again a little later.
#pragma once

#include "bookmark.hpp"
#include "file_handle.hpp"
#include "file_watch.hpp"

#include <patchbay/envelope.hpp>
#include <patchbay/stub_format.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::stub {

struct InputLimits {
    StubLimits format{};
    /// Lines handed out and not yet consumed.
    std::size_t max_outstanding = 1024;
    /// How long a consumed file must have been quiet before it is emptied.
    std::chrono::milliseconds quiet_before_emptying{100};
    /// How often the position is made to survive a loss of power; that of a killed process always
    /// does.
    std::chrono::milliseconds sync_interval{1000};
};

/// A line, with the number under which it is reported consumed.
struct InputLine {
    std::uint64_t ticket = 0;
    StubItem item;
};

/// What `next` found.
enum class InputState : unsigned char {
    line,       ///< there is a line
    idle,       ///< nothing until the watch wakes
    busy,       ///< somebody else holds the lock: try again soon
    saturated,  ///< too many lines are out: go on when some are consumed
};

class InputFile {
  public:
    /// Opens the file, creates it when it is missing, and goes on where the last process stopped.
    /// Tickets count from `first_ticket` on.
    [[nodiscard]] static Result<InputFile> open(const std::string& path, InputLimits limits = {},
                                                std::uint64_t first_ticket = 1);

    /// Readable when there may be something new. Owned by this.
    [[nodiscard]] int watch_descriptor() const noexcept { return watch_.descriptor(); }
    /// Call when the descriptor is readable, then `next` until it has no line.
    void acknowledge_watch() { watch_.acknowledge(); }

    /// The next line is put into `line` when there is one; its views are valid until the next call.
    [[nodiscard]] Result<InputState> next(std::optional<InputLine>& line);

    /// The line needs not be read again. In any order, each once; others are ignored.
    void consumed(std::uint64_t ticket);

    /// Remembers the position if it changed and empties a consumed file. Call after consuming. Says
    /// after how long to call again, if it is to be called again without anything having happened.
    [[nodiscard]] Result<std::optional<std::chrono::milliseconds>> tidy();

    /// Makes the position survive a loss of power.
    [[nodiscard]] Result<void> sync();

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// Greater than every ticket handed out so far.
    [[nodiscard]] std::uint64_t next_ticket() const noexcept { return first_ticket_ + out_.size(); }
    /// Lines that are out.
    [[nodiscard]] std::size_t outstanding() const noexcept { return out_.size(); }
    /// Position in the present file up to which everything was consumed.
    [[nodiscard]] std::uint64_t consumed_offset() const noexcept { return consumed_; }
    /// Times the file was found emptied or replaced by others before all of it was read.
    [[nodiscard]] std::uint64_t interruptions() const noexcept { return interruptions_; }

  private:
    struct Out {
        std::uint64_t end = 0;
        bool consumed = false;
    };

    InputFile(std::string path, FileHandle file, FileWatch watch, Bookmark bookmark,
              InputLimits limits);

    [[nodiscard]] Result<void> find_start();
    [[nodiscard]] Result<void> open_moved_file(const Position& remembered);
    [[nodiscard]] Result<bool> read_more();
    [[nodiscard]] Result<InputState> decide_rest();
    [[nodiscard]] Result<bool> path_has_other_file() const;
    [[nodiscard]] Result<void> switch_to_path();
    [[nodiscard]] Result<std::optional<std::chrono::milliseconds>> empty_when_quiet();
    [[nodiscard]] bool is_shared_for_long();
    [[nodiscard]] Result<void> empty_now();
    [[nodiscard]] Result<void> keep_marked_file();
    [[nodiscard]] InputLine hand_out(StubItem item);
    [[nodiscard]] Result<void> start_at(std::uint64_t offset);
    [[nodiscard]] bool all_consumed() const noexcept;

    std::string path_;
    FileHandle file_;
    FileWatch watch_;
    Bookmark bookmark_;
    InputLimits limits_;
    StubDecoder decoder_;
    std::string tail_;  ///< the last bytes read: others there mean that the file was emptied
    std::deque<Out> out_;
    std::uint64_t first_ticket_ = 1;  ///< ticket of out_.front()
    std::uint64_t consumed_ = 0;
    std::uint64_t interruptions_ = 0;
    bool moved_away_ = false;  ///< the open file is no longer the one at the path
    bool settled_ = false;     ///< the decoder was told that there is no more for now
    bool emptied_ = false;     ///< others emptied the file; what was read of it is to be given up
    std::chrono::steady_clock::time_point last_sync_{};
    /// Since when somebody else was seen to have the file open whenever it was to be emptied.
    std::optional<std::chrono::steady_clock::time_point> shared_since_{};
};

}  // namespace patchbay::stub
