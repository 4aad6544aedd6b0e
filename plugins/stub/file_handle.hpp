// SPDX-License-Identifier: Apache-2.0
/// \file
/// The little that the stub's files need of the operating system: owned descriptors, upstream's
/// lock, and errors that name the file.
#pragma once

#include <patchbay/result.hpp>

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace patchbay::stub {

/// Owns a file descriptor.
class FileHandle {
  public:
    explicit FileHandle(int descriptor = -1) noexcept : descriptor_(descriptor) {}
    FileHandle(FileHandle&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    FileHandle& operator=(FileHandle&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    FileHandle(const FileHandle&) = delete;
    FileHandle& operator=(const FileHandle&) = delete;
    ~FileHandle();

    [[nodiscard]] int get() const noexcept { return descriptor_; }
    explicit operator bool() const noexcept { return descriptor_ >= 0; }

  private:
    int descriptor_;
};

/// Upstream's lock: `flock`, exclusive, on the data file itself. Released when this goes.
class FileLock {
  public:
    /// Nothing when somebody else holds it; never waits.
    [[nodiscard]] static Result<std::optional<FileLock>> try_take(const FileHandle& file,
                                                                  const std::string& path);
    FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    FileLock& operator=(FileLock&&) = delete;
    ~FileLock();

  private:
    explicit FileLock(int descriptor) noexcept : descriptor_(descriptor) {}
    int descriptor_;
};

/// While this lives, nobody else has the file open: others who open it wait in `open`. (A lease of
/// fcntl(2); it protects writers that know nothing of the lock.)
class SoleUse {
  public:
    enum class Outcome : unsigned char {
        taken,
        shared,       ///< somebody has the file open now
        unavailable,  ///< not on this file system, or not our file
    };
    explicit SoleUse(const FileHandle& file) noexcept;
    SoleUse(const SoleUse&) = delete;
    SoleUse& operator=(const SoleUse&) = delete;
    ~SoleUse();

    [[nodiscard]] Outcome outcome() const noexcept { return outcome_; }

  private:
    int descriptor_;
    Outcome outcome_ = Outcome::unavailable;
};

/// A failure of the class `failed` that says what could not be done to which file, and why (errno).
[[nodiscard]] tl::unexpected<Error> system_failure(const char* code, const char* what,
                                                   const std::string& path);

/// Opens for reading and writing and creates the file when it is missing. `flags` are added.
[[nodiscard]] Result<FileHandle> open_or_create(const std::string& path, int flags = 0);

[[nodiscard]] Result<struct stat> status_of(const FileHandle& file, const std::string& path);

/// Up to `size` bytes from `offset`; fewer only at the end of the file.
[[nodiscard]] Result<std::string> read_at(const FileHandle& file, const std::string& path,
                                          std::uint64_t offset, std::size_t size);

/// Writes all bytes at `offset`.
[[nodiscard]] Result<void> write_at(const FileHandle& file, const std::string& path,
                                    std::uint64_t offset, std::string_view bytes);

}  // namespace patchbay::stub
