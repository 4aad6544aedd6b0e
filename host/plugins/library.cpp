// SPDX-License-Identifier: Apache-2.0
#include "plugins/library.hpp"

#include <cstring>
#include <mutex>
#include <utility>

namespace patchbay::plugins {
namespace {

/// The run time linker's error text belongs to the process, and opening libraries side by side is
/// not safe everywhere; hence this lock is the process's too.
std::mutex& linker_mutex() {
    static std::mutex mutex;
    return mutex;
}

}  // namespace

Library::Library(RunFolder& runs, std::filesystem::path original, PrivateCopy copy)
    : runs_(&runs), original_(std::move(original)), copy_(std::move(copy)) {}

Library::~Library() {
    if (native_.is_open()) {
        (void)unload();
    }
}

Result<Library> Library::load(RunFolder& runs, const std::filesystem::path& file,
                              std::string_view name) {
    auto copy = runs.copy(file, name);
    if (!copy) {
        return tl::unexpected(copy.error());
    }
    Library library(runs, file, std::move(*copy));
    {
        const std::lock_guard lock(linker_mutex());
        auto opened = platform::NativeLibrary::open(library.copy_.file);
        if (!opened) {
            runs.remove(library.copy_);
            Error error = std::move(opened.error());
            error.message = "the library " + file.string() + " of " + std::string(name) +
                            " cannot be loaded: " + error.message;
            return tl::unexpected(std::move(error));
        }
        library.native_ = std::move(*opened);
    }
    void* entry = library.native_.find(PATCHBAY_ENTRY_NAME);
    if (entry == nullptr) {
        (void)library.unload();
        return failure(ErrorClass::invalid, "plugin.no_entry",
                       "the library " + file.string() + " of " + std::string(name) +
                           " does not export " PATCHBAY_ENTRY_NAME ", so it is no plugin");
    }
    static_assert(sizeof(entry) == sizeof(library.entry_));
    std::memcpy(&library.entry_, &entry, sizeof(entry));
    return library;
}

Unloaded Library::unload() {
    if (!native_.is_open()) {
        return Unloaded{true};
    }
    entry_ = nullptr;
    {
        const std::lock_guard lock(linker_mutex());
        native_.close();
    }
    if (!platform::is_mapped(copy_.file)) {
        runs_->remove(copy_);
        return Unloaded{true};
    }
    return Unloaded{false, "unknown"};
}

void Library::abandon() {
    if (native_.is_open()) {
        entry_ = nullptr;
        native_.keep_forever();
    }
}

}  // namespace patchbay::plugins
