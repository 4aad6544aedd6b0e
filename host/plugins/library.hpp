// SPDX-License-Identifier: Apache-2.0
/// \file
/// One loaded copy of a plugin's library, and the truth about whether it went away again. The run
/// time linker reports success for unloading a library that stays; the next load would then find
/// old statics. So unloading ends with a look at what is mapped.
#pragma once

#include "plugins/platform.hpp"
#include "plugins/run_folder.hpp"

#include <patchbay/abi.h>
#include <patchbay/result.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay::plugins {

/// What became of a library that was to be unloaded.
struct Unloaded {
    /// Verified: no part of it is mapped any more.
    bool gone = false;
    /// When it is still there: the likely cause, as a clause ("it imports ...").
    std::string cause{};
};

/// Owned by a generation. Not thread-safe.
class Library {
  public:
    /// Looks at a copy before it is loaded; a failure keeps it from being loaded. May be empty.
    using Check = std::function<Result<void>(const PrivateCopy&)>;

    /// Copies `file` into `runs`, loads exactly that copy and finds the plugin's entry. The copy is
    /// taken away again when any of it fails. `name` is used in paths and messages.
    /// Codes: `plugin.copy_failed`, those of `check`, `plugin.load_failed`, `plugin.no_entry`.
    [[nodiscard]] static Result<Library> load(RunFolder& runs, const std::filesystem::path& file,
                                              std::string_view name, const Check& check = {});

    Library(Library&&) noexcept = default;
    Library& operator=(Library&&) noexcept = delete;
    /// Unloads when `unload` or `abandon` was not called.
    ~Library();

    [[nodiscard]] patchbay_entry_function entry() const { return entry_; }
    /// The operator's file, which may have changed since.
    [[nodiscard]] const std::filesystem::path& original() const { return original_; }
    [[nodiscard]] const PrivateCopy& copy() const { return copy_; }
    /// Its `on_batch` may run on a thread of another generation: it has no thread-local state that
    /// would outlive it there.
    [[nodiscard]] bool safe_on_foreign_threads() const { return safe_on_foreign_threads_; }

    /// Unloads, verifies, and removes the copy when the library is gone.
    Unloaded unload();
    /// Leaves the library mapped for the life of the process: code of it may still run.
    void abandon();

  private:
    Library(RunFolder& runs, std::filesystem::path original, PrivateCopy copy);

    RunFolder* runs_;
    std::filesystem::path original_;
    PrivateCopy copy_;
    platform::NativeLibrary native_;
    patchbay_entry_function entry_ = nullptr;
    bool safe_on_foreign_threads_ = false;
};

}  // namespace patchbay::plugins
