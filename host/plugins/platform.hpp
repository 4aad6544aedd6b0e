// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the loader needs of the operating system. One interface, one source file per system
/// (platform_posix.cpp, platform_windows.cpp), so that nothing else of this room knows which one
/// runs.
#pragma once

#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::plugins::platform {

/// "linux-x86_64", "windows-x86_64", ...: for messages.
[[nodiscard]] std::string_view name();

/// Error text of the system for an `errno` or `GetLastError` value.
[[nodiscard]] std::string system_text(int number);

/// An open shared library. Not copyable: a copy would open it a second time.
class NativeLibrary {
  public:
    NativeLibrary();
    NativeLibrary(NativeLibrary&&) noexcept;
    NativeLibrary& operator=(NativeLibrary&&) noexcept;
    ~NativeLibrary();

    /// Opens exactly this absolute path, with all symbols resolved now and none shown to others.
    /// The failure carries the system's own text. Calls must not overlap: the caller holds a lock,
    /// because that text is state of the run time linker.
    [[nodiscard]] static Result<NativeLibrary> open(const std::filesystem::path& file);

    /// Address of an exported function, or null.
    [[nodiscard]] void* find(const char* symbol) const;
    /// Gives the handle back. Says nothing about whether the system really unmapped the file.
    void close();
    /// Gives up the handle without closing it: the library stays for the life of the process.
    void keep_forever();
    [[nodiscard]] bool is_open() const { return impl_ != nullptr; }

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// True while the file is part of this process.
[[nodiscard]] bool is_mapped(const std::filesystem::path& file);

/// Makes the folder, for its owner alone; an existing one is accepted when nobody else may write
/// into it.
[[nodiscard]] Result<void> make_private_folder(const std::filesystem::path& folder);

/// Fails when code may not be mapped from files of this folder (mounted noexec).
[[nodiscard]] Result<void> probe_executable(const std::filesystem::path& folder);

/// Receives the bytes of a file piece by piece.
using ByteSink = std::function<void(const std::byte* data, std::size_t size)>;

/// Copies a regular file into a new read-only one and shows `sink` the very bytes that were
/// written. The source is opened once; `limit` bounds its size. Answers the size.
[[nodiscard]] Result<std::uint64_t> copy_file(const std::filesystem::path& source,
                                              const std::filesystem::path& target,
                                              std::uint64_t limit, const ByteSink& sink);

/// An exclusive lock on a file, held until destruction or the death of the process.
class FileLock {
  public:
    FileLock(FileLock&& other) noexcept;
    FileLock& operator=(FileLock&& other) noexcept;
    ~FileLock();

    /// Creates the file where it is missing and waits for the lock.
    [[nodiscard]] static Result<FileLock> acquire(const std::filesystem::path& file);
    /// Nothing when the file is missing or somebody holds it.
    [[nodiscard]] static std::optional<FileLock> try_existing(const std::filesystem::path& file);

  private:
    explicit FileLock(std::intptr_t handle) : handle_(handle) {}
    std::intptr_t handle_;
};

/// True when the folder belongs to the user of this process and is no symbolic link.
[[nodiscard]] bool is_own_folder(const std::filesystem::path& folder);

/// Waits until the descriptor of a lane is readable or the delay (nanoseconds; none = no limit) has
/// passed. May return early.
void wait_readable(std::intptr_t descriptor, std::optional<std::uint64_t> delay);

/// Names the calling thread for debuggers and `top`; cut to what the system allows.
void name_this_thread(const std::string& name);

}  // namespace patchbay::plugins::platform
