// SPDX-License-Identifier: Apache-2.0
#include "output_file.hpp"

#include <patchbay/stub_format.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

namespace patchbay::stub {

namespace {

constexpr std::size_t tail_read_size = std::size_t{64} * 1024;

}  // namespace

Result<OutputFile> OutputFile::open(const std::string& path) {
    auto bookmark = Bookmark::open(path + ".offset");
    if (!bookmark) {
        return tl::unexpected(std::move(bookmark.error()));
    }
    auto file = open_or_create(path, O_APPEND);
    if (!file) {
        return tl::unexpected(std::move(file.error()));
    }
    return OutputFile(path, std::move(*file), std::move(*bookmark));
}

Result<bool> OutputFile::append(std::string_view lines) {
    if (lines.empty()) {
        return true;
    }
    // Twice: between opening and locking the file may be moved away.
    for (int attempt = 0; attempt < 2; ++attempt) {
        auto lock = FileLock::try_take(file_, path_);
        if (!lock) {
            return tl::unexpected(std::move(lock.error()));
        }
        if (!*lock) {
            return false;
        }
        struct stat there {};
        const auto here = status_of(file_, path_);
        if (!here) {
            return tl::unexpected(here.error());
        }
        if (::stat(path_.c_str(), &there) != 0 || there.st_ino != here->st_ino ||
            there.st_dev != here->st_dev) {
            lock->reset();
            auto file = open_or_create(path_, O_APPEND);
            if (!file) {
                return tl::unexpected(std::move(file.error()));
            }
            file_ = std::move(*file);
            continue;
        }
        if (!repaired_) {
            if (auto repaired = repair(); !repaired) {
                return tl::unexpected(std::move(repaired.error()));
            }
        }
        if (auto written = write_at_end(lines); !written) {
            return tl::unexpected(std::move(written.error()));
        }
        return true;
    }
    return false;
}

/// Under the lock. Only what stands behind our own last write is judged: a file without a bookmark,
/// or one that was emptied since, is not ours to cut.
Result<void> OutputFile::repair() {
    repaired_ = true;
    const std::optional<Position>& remembered = bookmark_.position();
    const auto status = status_of(file_, path_);
    if (!status) {
        return tl::unexpected(status.error());
    }
    if (!remembered || remembered->device != status->st_dev ||
        remembered->inode != status->st_ino) {
        return {};
    }
    const auto start = resume_offset(file_, path_, *remembered);
    if (!start) {
        return tl::unexpected(start.error());
    }
    if (*start != remembered->offset) {
        return {};
    }
    StubDecoder decoder({}, *start);
    while (true) {
        const auto bytes = read_at(file_, path_, decoder.fed(), tail_read_size);
        if (!bytes) {
            return tl::unexpected(bytes.error());
        }
        if (bytes->empty()) {
            decoder.settle();
        } else {
            decoder.feed(*bytes);
        }
        while (decoder.next()) {
        }
        if (bytes->empty()) {
            break;
        }
    }
    if (decoder.consumed() == decoder.fed()) {
        return {};
    }
    if (::ftruncate(file_.get(), static_cast<off_t>(decoder.consumed())) != 0) {
        return system_failure("stub.cannot_write", "cut half a line off", path_);
    }
    repaired_bytes_ = decoder.fed() - decoder.consumed();
    return {};
}

/// Under the lock.
Result<void> OutputFile::write_at_end(std::string_view lines) {
    const auto before = status_of(file_, path_);
    if (!before) {
        return tl::unexpected(before.error());
    }
    std::size_t written = 0;
    while (written < lines.size()) {
        const ssize_t put = ::write(file_.get(), lines.data() + written, lines.size() - written);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            auto reason = system_failure("stub.cannot_write", "write", path_);
            // Half a line must not stay, unless somebody without the lock has written behind it.
            const auto now = status_of(file_, path_);
            if (written != 0 && now &&
                now->st_size == before->st_size + static_cast<off_t>(written)) {
                static_cast<void>(::ftruncate(file_.get(), before->st_size) == 0);
            }
            return reason;
        }
        written += static_cast<std::size_t>(put);
    }
    const off_t end = ::lseek(file_.get(), 0, SEEK_CUR);
    auto position = position_at(file_, path_, static_cast<std::uint64_t>(end));
    if (!position) {
        return tl::unexpected(std::move(position.error()));
    }
    return bookmark_.store(std::move(*position));
}

}  // namespace patchbay::stub
