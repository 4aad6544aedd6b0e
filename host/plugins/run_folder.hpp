// SPDX-License-Identifier: Apache-2.0
/// \file
/// Private copies of plugin libraries. The operator may replace a file at any moment, and the run
/// time linker answers the same path with the same library; so every generation is loaded from a
/// copy of its own, and what was hashed is what runs.
///
/// Layout: DATA_DIR/run/host-XXXXXXXX/{lock, NAME.1/libNAME.so, ...}, one `host-` folder per living
/// host. A host removes at its start what dead hosts left, and nothing else.
#pragma once

#include "plugins/platform.hpp"

#include <patchbay/result.hpp>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay::plugins {

/// A copied library. The file stays until `RunFolder::remove`, also when nobody loads it.
struct PrivateCopy {
    std::filesystem::path file;
    /// Of the bytes in `file`, 64 lower-case hexadecimal digits.
    std::string sha256;
    std::uint64_t size = 0;
};

/// The folder of this host's copies; removed at the end unless copies are left in it. Thread-safe.
class RunFolder {
  public:
    /// Bound of a library's size.
    static constexpr std::uint64_t largest_library = std::uint64_t{1} << 30U;

    /// Makes the folder below `data_dir` (created where missing), removes those of dead hosts, and
    /// checks that code can be run from there.
    [[nodiscard]] static Result<std::unique_ptr<RunFolder>> create(
        const std::filesystem::path& data_dir);

    RunFolder(const RunFolder&) = delete;
    RunFolder& operator=(const RunFolder&) = delete;
    ~RunFolder();

    /// Copies `library` to NAME.N/FILENAME with the next N.
    [[nodiscard]] Result<PrivateCopy> copy(const std::filesystem::path& library,
                                           std::string_view name);
    /// Removes a copy that is no longer mapped.
    void remove(const PrivateCopy& copy) const;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    RunFolder(std::filesystem::path path, platform::FileLock lock);

    std::filesystem::path path_;
    platform::FileLock lock_;
    std::atomic<std::uint32_t> copies_{0};
};

}  // namespace patchbay::plugins
