// SPDX-License-Identifier: Apache-2.0
#include "plugins/library.hpp"

#include "plugins/library_file.hpp"

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

/// Why unloading had no effect, as far as the file tells.
std::string likely_cause(const LibraryFile& file) {
    if (file.no_delete) {
        return "it is marked NODELETE (-z nodelete)";
    }
    if (!file.unique_symbols.empty()) {
        return "it shows " + std::to_string(file.unique_symbols.size()) +
               " GNU unique symbols, for example " + file.unique_symbols.front() +
               "; link it with the version script of the SDK";
    }
    if (file.imports_symbol("__cxa_thread_atexit") ||
        file.imports_symbol("__cxa_thread_atexit_impl")) {
        return "a thread that does not belong to it holds one of its thread-locals";
    }
    return "something else in the process holds it open";
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
                              std::string_view name, const Check& check) {
    auto copy = runs.copy(file, name);
    if (!copy) {
        return tl::unexpected(copy.error());
    }
    if (check) {
        if (auto checked = check(*copy); !checked) {
            runs.remove(*copy);
            return tl::unexpected(checked.error());
        }
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
    // Nothing here depends on a file that cannot be read: then it is just not the fast kind.
    if (const auto facts = read_library(library.copy_.file.string())) {
        library.safe_on_foreign_threads_ = !facts->imports_symbol("__cxa_thread_atexit") &&
                                           !facts->imports_symbol("__cxa_thread_atexit_impl") &&
                                           !facts->imports_symbol("pthread_key_create");
    }
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
    const auto facts = read_library(copy_.file.string());
    return Unloaded{false, facts ? likely_cause(*facts) : "its file is no longer readable"};
}

void Library::abandon() {
    if (native_.is_open()) {
        entry_ = nullptr;
        native_.keep_forever();
    }
}

}  // namespace patchbay::plugins
