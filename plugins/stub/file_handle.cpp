// SPDX-License-Identifier: Apache-2.0
#include "file_handle.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace patchbay::stub {

FileHandle::~FileHandle() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

Result<std::optional<FileLock>> FileLock::try_take(const FileHandle& file,
                                                   const std::string& path) {
    if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
        return std::optional<FileLock>(FileLock(file.get()));
    }
    if (errno == EWOULDBLOCK || errno == EINTR) {
        return std::optional<FileLock>();
    }
    return system_failure("stub.cannot_lock", "lock", path);
}

FileLock::~FileLock() {
    if (descriptor_ >= 0) {
        ::flock(descriptor_, LOCK_UN);
    }
}

SoleUse::SoleUse(const FileHandle& file) noexcept : descriptor_(file.get()) {
    // Whoever opens the file makes the system send us a signal; SIGURG is one that is ignored
    // unless somebody asks for it, the one that would be sent otherwise ends the process.
    if (::fcntl(descriptor_, F_SETSIG, SIGURG) != 0) {
        return;
    }
    if (::fcntl(descriptor_, F_SETLEASE, F_WRLCK) == 0) {
        outcome_ = Outcome::taken;
    } else if (errno == EAGAIN) {
        outcome_ = Outcome::shared;
    }
}

SoleUse::~SoleUse() {
    if (outcome_ == Outcome::taken) {
        ::fcntl(descriptor_, F_SETLEASE, F_UNLCK);
    }
}

tl::unexpected<Error> system_failure(const char* code, const char* what, const std::string& path) {
    const int number = errno;
    return failure(ErrorClass::failed, code,
                   std::string("cannot ") + what + " " + path + ": " +
                       std::generic_category().message(number));
}

Result<FileHandle> open_or_create(const std::string& path, int flags) {
    constexpr mode_t mode = 0666;  // as upstream's; the umask decides
    FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | flags, mode));
    if (!file) {
        return system_failure("stub.cannot_open", "open", path);
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return failure(ErrorClass::failed, "stub.cannot_open",
                       "cannot use " + path + ": it is not a regular file");
    }
    return file;
}

Result<struct stat> status_of(const FileHandle& file, const std::string& path) {
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) {
        return system_failure("stub.cannot_read", "examine", path);
    }
    return status;
}

Result<std::string> read_at(const FileHandle& file, const std::string& path, std::uint64_t offset,
                            std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t filled = 0;
    while (filled < size) {
        const ssize_t got = ::pread(file.get(), bytes.data() + filled, size - filled,
                                    static_cast<off_t>(offset + filled));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return system_failure("stub.cannot_read", "read", path);
        }
        if (got == 0) {
            break;
        }
        filled += static_cast<std::size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
}

Result<void> write_at(const FileHandle& file, const std::string& path, std::uint64_t offset,
                      std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put =
            ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return system_failure("stub.cannot_write", "write", path);
        }
        offset += static_cast<std::uint64_t>(put);
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
}

}  // namespace patchbay::stub
