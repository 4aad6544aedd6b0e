// SPDX-License-Identifier: Apache-2.0
#include "input_file.hpp"

#include <patchbay/nonce_source.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

namespace patchbay::stub {

namespace {

constexpr std::size_t input_read_size = std::size_t{64} * 1024;
constexpr std::size_t mark_size = 16;
constexpr std::chrono::milliseconds input_lock_retry{5};

/// Time since the last change of the file, at least 0.
std::chrono::milliseconds quiet_for(const struct stat& status) noexcept {
    struct timespec now {};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const auto in_milliseconds = [](const struct timespec& time) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
    };
    return std::max(std::chrono::milliseconds(0),
                    in_milliseconds(now) - in_milliseconds(status.st_mtim));
}

}  // namespace

InputFile::InputFile(std::string path, FileHandle file, FileWatch watch, Bookmark bookmark,
                     InputLimits limits)
    : path_(std::move(path)),
      file_(std::move(file)),
      watch_(std::move(watch)),
      bookmark_(std::move(bookmark)),
      limits_(limits),
      decoder_(limits.format) {}

Result<InputFile> InputFile::open(const std::string& path, InputLimits limits,
                                  std::uint64_t first_ticket) {
    auto bookmark = Bookmark::open(path + ".offset");
    if (!bookmark) {
        return tl::unexpected(std::move(bookmark.error()));
    }
    auto watch = FileWatch::open(path);
    if (!watch) {
        return tl::unexpected(std::move(watch.error()));
    }
    auto file = open_or_create(path);
    if (!file) {
        return tl::unexpected(std::move(file.error()));
    }
    InputFile input(path, std::move(*file), std::move(*watch), std::move(*bookmark), limits);
    input.first_ticket_ = first_ticket;
    if (auto followed = input.watch_.follow(); !followed) {
        return tl::unexpected(std::move(followed.error()));
    }
    if (auto started = input.find_start(); !started) {
        return tl::unexpected(std::move(started.error()));
    }
    return input;
}

Result<void> InputFile::find_start() {
    const auto status = status_of(file_, path_);
    if (!status) {
        return tl::unexpected(status.error());
    }
    const std::optional<Position> remembered = bookmark_.position();
    if (!remembered) {
        return start_at(0);
    }
    if (remembered->device != status->st_dev || remembered->inode != status->st_ino) {
        return open_moved_file(*remembered);
    }
    const auto offset = resume_offset(file_, path_, *remembered);
    if (!offset) {
        return tl::unexpected(offset.error());
    }
    return start_at(*offset);
}

/// The last process read another file than the one at the path: if that was moved within the
/// folder, to a name that begins with the old one as those of log rotation do, its rest comes
/// first.
Result<void> InputFile::open_moved_file(const Position& remembered) {
    const std::filesystem::path path(path_);
    const std::string name = path.filename().string();
    std::error_code ignored;
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        const std::string other = entry.path().string();
        struct stat status {};
        if (entry.path().filename().string().rfind(name, 0) != 0 ||
            ::lstat(other.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
            status.st_dev != remembered.device || status.st_ino != remembered.inode) {
            continue;
        }
        auto file = open_or_create(other);
        if (!file) {
            break;
        }
        const auto offset = resume_offset(*file, other, remembered);
        if (offset && *offset == remembered.offset) {
            file_ = std::move(*file);
            moved_away_ = true;
            return start_at(*offset);
        }
    }
    return start_at(0);
}

Result<void> InputFile::start_at(std::uint64_t offset) {
    auto position = position_at(file_, path_, offset);
    if (!position) {
        return tl::unexpected(std::move(position.error()));
    }
    decoder_.restart(offset);
    tail_ = position->before;
    first_ticket_ += out_.size();
    out_.clear();
    consumed_ = offset;
    settled_ = false;
    emptied_ = false;
    const std::optional<Position>& stored = bookmark_.position();
    if (stored && stored->device == position->device && stored->inode == position->inode) {
        return {};
    }
    return bookmark_.store(std::move(*position));
}

InputLine InputFile::hand_out(StubItem item) {
    out_.push_back({item.offset + item.length, false});
    return InputLine{first_ticket_ + out_.size() - 1, std::move(item)};
}

Result<InputState> InputFile::next(std::optional<InputLine>& line) {
    line.reset();
    while (true) {
        if (out_.size() >= limits_.max_outstanding) {
            return InputState::saturated;
        }
        if (auto item = decoder_.next()) {
            line = hand_out(std::move(*item));
            return InputState::line;
        }
        if (!emptied_) {
            const auto more = read_more();
            if (!more) {
                return tl::unexpected(more.error());
            }
            if (*more) {
                continue;
            }
        }
        if (emptied_) {
            if (auto rest = decoder_.abandon()) {
                // Its views live until the decoder starts anew, so that waits for the next call.
                line = hand_out(std::move(*rest));
                return InputState::line;
            }
            if (auto started = start_at(0); !started) {
                return tl::unexpected(std::move(started.error()));
            }
            continue;
        }
        if (decoder_.consumed() != decoder_.fed() && !settled_) {
            auto decided = decide_rest();
            if (!decided || *decided == InputState::busy) {
                return decided;
            }
            continue;
        }
        const auto other = path_has_other_file();
        if (!other) {
            return tl::unexpected(other.error());
        }
        if (!*other) {
            return InputState::idle;
        }
        moved_away_ = true;
        if (auto rest = decoder_.abandon()) {
            line = hand_out(std::move(*rest));
            return InputState::line;
        }
        if (!all_consumed()) {
            return InputState::idle;
        }
        if (auto switched = switch_to_path(); !switched) {
            return tl::unexpected(std::move(switched.error()));
        }
    }
}

/// Reads what follows, and the bytes before it: when those have changed, the file was emptied by
/// others and filled again.
Result<bool> InputFile::read_more() {
    const std::uint64_t end = decoder_.fed();
    auto bytes = read_at(file_, path_, end - tail_.size(), tail_.size() + input_read_size);
    if (!bytes) {
        return tl::unexpected(bytes.error());
    }
    if (bytes->size() < tail_.size() || bytes->compare(0, tail_.size(), tail_) != 0) {
        emptied_ = true;
        ++interruptions_;
        return false;
    }
    if (bytes->size() == tail_.size()) {
        return false;
    }
    decoder_.feed(std::string_view(*bytes).substr(tail_.size()));
    settled_ = false;
    tail_ = bytes->substr(bytes->size() - std::min(bytes->size(), bytes_before));
    return true;
}

/// What is left is no complete line by its lengths. If nobody is writing, it is what it is.
Result<InputState> InputFile::decide_rest() {
    const auto lock = FileLock::try_take(file_, path_);
    if (!lock) {
        return tl::unexpected(lock.error());
    }
    if (!*lock) {
        return InputState::busy;
    }
    const auto more = read_more();
    if (!more) {
        return tl::unexpected(more.error());
    }
    if (!*more && !emptied_) {
        decoder_.settle();
        settled_ = true;
    }
    return InputState::line;
}

Result<bool> InputFile::path_has_other_file() const {
    const auto here = status_of(file_, path_);
    if (!here) {
        return tl::unexpected(here.error());
    }
    struct stat there {};
    if (::stat(path_.c_str(), &there) != 0) {
        if (errno == ENOENT) {
            return false;  // nothing has come in its place yet
        }
        return system_failure("stub.cannot_read", "examine", path_);
    }
    return here->st_dev != there.st_dev || here->st_ino != there.st_ino;
}

Result<void> InputFile::switch_to_path() {
    auto file = open_or_create(path_);
    if (!file) {
        return tl::unexpected(std::move(file.error()));
    }
    file_ = std::move(*file);
    moved_away_ = false;
    if (auto followed = watch_.follow(); !followed) {
        return followed;
    }
    return start_at(0);
}

bool InputFile::all_consumed() const noexcept {
    return out_.empty() && decoder_.consumed() == decoder_.fed();
}

void InputFile::consumed(std::uint64_t ticket) {
    if (ticket < first_ticket_ || ticket - first_ticket_ >= out_.size()) {
        return;
    }
    out_[static_cast<std::size_t>(ticket - first_ticket_)].consumed = true;
    while (!out_.empty() && out_.front().consumed) {
        consumed_ = out_.front().end;
        out_.pop_front();
        ++first_ticket_;
    }
}

Result<std::optional<std::chrono::milliseconds>> InputFile::tidy() {
    if (out_.empty() && !emptied_) {
        consumed_ = decoder_.consumed();
    }
    const std::optional<Position>& stored = bookmark_.position();
    if (!emptied_ && (!stored || stored->offset != consumed_)) {
        auto position = position_at(file_, path_, consumed_);
        if (!position) {
            return tl::unexpected(std::move(position.error()));
        }
        if (auto kept = bookmark_.store(std::move(*position)); !kept) {
            return tl::unexpected(std::move(kept.error()));
        }
    }
    std::optional<std::chrono::milliseconds> again;
    if (bookmark_.needs_sync()) {
        const auto now = std::chrono::steady_clock::now();
        const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - last_sync_);
        if (since >= limits_.sync_interval) {
            if (auto synced = sync(); !synced) {
                return tl::unexpected(std::move(synced.error()));
            }
        } else {
            again = limits_.sync_interval - since;
        }
    }
    if (!all_consumed() || emptied_ || moved_away_ || decoder_.fed() == 0) {
        return again;
    }
    auto emptying = empty_when_quiet();
    if (!emptying || !*emptying) {
        return emptying ? again : emptying;
    }
    return again ? std::min(*again, **emptying) : **emptying;
}

Result<void> InputFile::sync() {
    last_sync_ = std::chrono::steady_clock::now();
    return bookmark_.sync();
}

Result<std::optional<std::chrono::milliseconds>> InputFile::empty_when_quiet() {
    using Again = std::optional<std::chrono::milliseconds>;
    auto status = status_of(file_, path_);
    if (!status) {
        return tl::unexpected(std::move(status.error()));
    }
    if (const auto quiet = quiet_for(*status); quiet < limits_.quiet_before_emptying) {
        return Again(limits_.quiet_before_emptying - quiet);
    }
    const auto lock = FileLock::try_take(file_, path_);
    if (!lock) {
        return tl::unexpected(lock.error());
    }
    if (!*lock) {
        return Again(input_lock_retry);
    }
    const SoleUse sole(file_);
    if (sole.outcome() == SoleUse::Outcome::shared && !is_shared_for_long()) {
        return Again(limits_.quiet_before_emptying);
    }
    status = status_of(file_, path_);
    const auto other = path_has_other_file();
    if (!status || !other) {
        return tl::unexpected(status ? other.error() : status.error());
    }
    if (static_cast<std::uint64_t>(status->st_size) != decoder_.fed() || *other) {
        return Again();  // there is something to read first; the watch tells
    }
    shared_since_.reset();
    if (auto emptied = empty_now(); !emptied) {
        return tl::unexpected(std::move(emptied.error()));
    }
    return Again();
}

/// Somebody has the file open. A moment later he may be gone; one who keeps it open is taken to use
/// the lock.
bool InputFile::is_shared_for_long() {
    constexpr int patience = 10;
    const auto now = std::chrono::steady_clock::now();
    if (!shared_since_) {
        shared_since_ = now;
    }
    return now - *shared_since_ >= patience * limits_.quiet_before_emptying;
}

/// Under the lock. A process that is killed at any point of this goes on at the right place: the
/// bookmark says how far it got, the mark tells whether the file was emptied.
Result<void> InputFile::empty_now() {
    auto position = position_at(file_, path_, decoder_.fed());
    if (!position) {
        return tl::unexpected(std::move(position.error()));
    }
    position->mark = RandomNonces().next().substr(
        0, static_cast<std::size_t>(std::min<std::uint64_t>(mark_size, decoder_.fed())));
    position->emptying = Emptying::marking;
    const auto remember = [&]() -> Result<void> {
        if (auto stored = bookmark_.store(*position); !stored) {
            return stored;
        }
        return sync();
    };
    if (auto remembered = remember(); !remembered) {
        return remembered;
    }
    if (auto marked = write_at(file_, path_, 0, position->mark); !marked) {
        return marked;
    }
    if (::fdatasync(file_.get()) != 0) {
        return system_failure("stub.cannot_write", "save", path_);
    }
    position->emptying = Emptying::marked;
    if (auto remembered = remember(); !remembered) {
        return remembered;
    }
    // All that took a while, in which somebody without the lock may have appended. Looking again
    // right before the cut leaves him no more than an instant.
    const auto status = status_of(file_, path_);
    if (!status) {
        return tl::unexpected(status.error());
    }
    if (static_cast<std::uint64_t>(status->st_size) != decoder_.fed()) {
        return keep_marked_file();
    }
    if (::ftruncate(file_.get(), 0) != 0) {
        return system_failure("stub.cannot_write", "empty", path_);
    }
    if (auto started = start_at(0); !started) {
        return started;
    }
    position = position_at(file_, path_, 0);
    if (!position) {
        return tl::unexpected(std::move(position.error()));
    }
    return bookmark_.store(std::move(*position));
}

/// The file has grown while it was to be emptied: it stays, with the mark at its beginning, which
/// was consumed, and reading goes on where it was.
Result<void> InputFile::keep_marked_file() {
    auto position = position_at(file_, path_, decoder_.fed());
    if (!position) {
        return tl::unexpected(std::move(position.error()));
    }
    tail_ = position->before;
    return bookmark_.store(std::move(*position));
}

}  // namespace patchbay::stub
