// SPDX-License-Identifier: Apache-2.0
#include "plugins/run_folder.hpp"

#include "plugins/sha256.hpp"

#include <random>
#include <system_error>
#include <utility>

namespace patchbay::plugins {
namespace {

constexpr std::string_view folder_prefix = "host-";

std::string random_name() {
    std::random_device source;
    constexpr std::string_view digits = "0123456789abcdef";
    std::string name(folder_prefix);
    for (int i = 0; i < 8; ++i) {
        name += digits[source() & 15U];
    }
    return name;
}

/// Removes the folders of hosts that no longer hold their lock. The caller holds the lock of the
/// parent, so that no folder is just being made.
void remove_dead(const std::filesystem::path& parent) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(parent, ignored)) {
        const std::filesystem::path& folder = entry.path();
        if (!folder.filename().string().starts_with(folder_prefix) ||
            !platform::is_own_folder(folder)) {
            continue;
        }
        if (platform::FileLock::try_existing(folder / "lock").has_value()) {
            std::filesystem::remove_all(folder, ignored);
        }
    }
}

/// What a plugin's name becomes as part of a path.
std::string path_part(std::string_view name) {
    std::string part(name.substr(0, 64));
    for (char& letter : part) {
        const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                           (letter >= '0' && letter <= '9') || letter == '_' || letter == '-';
        letter = plain ? letter : '_';
    }
    return part.empty() ? "plugin" : part;
}

}  // namespace

RunFolder::RunFolder(std::filesystem::path path, platform::FileLock lock)
    : path_(std::move(path)), lock_(std::move(lock)) {}

Result<std::unique_ptr<RunFolder>> RunFolder::create(const std::filesystem::path& data_dir) {
    std::error_code error;
    std::filesystem::create_directories(data_dir, error);
    const std::filesystem::path base = std::filesystem::canonical(data_dir, error);
    if (error) {
        return failure(ErrorClass::failed, "plugin.run_folder",
                       "cannot make the data folder " + data_dir.string() + ": " + error.message());
    }
    const std::filesystem::path parent = base / "run";
    if (auto made = platform::make_private_folder(parent); !made) {
        return tl::unexpected(made.error());
    }
    auto parent_lock = platform::FileLock::acquire(parent / "lock");
    if (!parent_lock) {
        return tl::unexpected(parent_lock.error());
    }
    remove_dead(parent);
    const std::filesystem::path own = parent / random_name();
    if (auto made = platform::make_private_folder(own); !made) {
        return tl::unexpected(made.error());
    }
    auto lock = platform::FileLock::acquire(own / "lock");
    if (!lock) {
        return tl::unexpected(lock.error());
    }
    if (auto executable = platform::probe_executable(own); !executable) {
        std::filesystem::remove_all(own, error);
        return tl::unexpected(executable.error());
    }
    return std::unique_ptr<RunFolder>(new RunFolder(own, std::move(*lock)));
}

RunFolder::~RunFolder() {
    // Copies that are still mapped stay: without them a backtrace has no names.
    std::error_code ignored;
    bool copies_left = false;
    for (const auto& entry : std::filesystem::directory_iterator(path_, ignored)) {
        copies_left = copies_left || entry.is_directory(ignored);
    }
    if (!copies_left) {
        std::filesystem::remove_all(path_, ignored);
    }
}

Result<PrivateCopy> RunFolder::copy(const std::filesystem::path& library, std::string_view name) {
    const std::filesystem::path folder =
        path_ / (path_part(name) + '.' + std::to_string(copies_.fetch_add(1) + 1));
    if (auto made = platform::make_private_folder(folder); !made) {
        return tl::unexpected(made.error());
    }
    PrivateCopy copy;
    copy.file = folder / library.filename();
    Sha256 hash;
    const auto size = platform::copy_file(
        library, copy.file, largest_library,
        [&hash](const std::byte* data, std::size_t count) { hash.add(data, count); });
    copy.sha256 = hash.finish();
    if (!size || copy.sha256.empty()) {
        remove(copy);
        return size ? failure(ErrorClass::failed, "plugin.copy_failed",
                              "the SHA-256 of " + library.string() + " could not be computed")
                    : tl::unexpected(size.error());
    }
    copy.size = *size;
    return copy;
}

void RunFolder::remove(const PrivateCopy& copy) const {
    std::error_code ignored;
    // Windows does not remove read-only files.
    std::filesystem::permissions(copy.file, std::filesystem::perms::owner_write,
                                 std::filesystem::perm_options::add, ignored);
    std::filesystem::remove_all(copy.file.parent_path(), ignored);
}

}  // namespace patchbay::plugins
