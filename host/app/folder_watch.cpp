// SPDX-License-Identifier: Apache-2.0
#include "app/folder_watch.hpp"

#include "config/manifest_reader.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace patchbay::app {

namespace {

constexpr unsigned completed = IN_CLOSE_WRITE | IN_MOVED_TO;
constexpr unsigned appeared = IN_CREATE | IN_MOVED_TO;
constexpr unsigned vanished = IN_DELETE | IN_MOVED_FROM;

std::string reason_text(int number) {
    std::string text = std::generic_category().message(number);
    if (number == ENOSPC) {
        text += " (the bound is /proc/sys/fs/inotify/max_user_watches)";
    } else if (number == EMFILE) {
        text += " (the bound is /proc/sys/fs/inotify/max_user_instances)";
    }
    return text;
}

}  // namespace

Result<FolderWatch> FolderWatch::open() {
    control::Descriptor descriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (descriptor.number() < 0) {
        return failure(ErrorClass::failed, "watch.unavailable",
                       "folders cannot be watched: " + reason_text(errno));
    }
    return FolderWatch(std::move(descriptor));
}

Result<int> FolderWatch::watch(const std::string& folder, unsigned events) {
    const int number = ::inotify_add_watch(descriptor_.number(), folder.c_str(),
                                           events | IN_ONLYDIR | IN_MASK_ADD);
    if (number < 0) {
        return failure(ErrorClass::failed, "watch.failed",
                       "the folder " + folder + " cannot be watched: " + reason_text(errno));
    }
    return number;
}

Result<void> FolderWatch::add(const std::string& folder) {
    const auto own = watch(folder, completed | vanished);
    if (!own) {
        return tl::unexpected(own.error());
    }
    folders_[*own] = folder;
    const std::filesystem::path above = std::filesystem::path(folder).parent_path();
    const auto parent = watch(above.string(), appeared);
    if (!parent) {
        return tl::unexpected(parent.error());
    }
    std::vector<std::string>& known = parents_[*parent];
    if (std::find(known.begin(), known.end(), folder) == known.end()) {
        known.push_back(folder);
    }
    return {};
}

Result<void> FolderWatch::add_search(const std::string& folder) {
    const auto own = watch(folder, appeared | vanished);
    if (!own) {
        return tl::unexpected(own.error());
    }
    searched_[*own] = folder;
    return {};
}

void FolderWatch::in_search_folder(const std::string& folder, const std::string& name,
                                   unsigned mask, std::map<std::string, bool>& changed) {
    if (name.empty() || name.front() == '.') {
        return;  // discovery does not look there either
    }
    const std::filesystem::path inside = std::filesystem::path(folder) / name;
    std::error_code error;
    if ((mask & appeared) != 0 && std::filesystem::is_directory(inside, error)) {
        const std::filesystem::path real = std::filesystem::canonical(inside, error);
        (void)add(error ? inside.string() : real.string());  // it may be gone again
        changed[inside.string()] = true;
    } else if ((mask & vanished) != 0 &&
               // Without a suffix: a link to a folder, for all that is known.
               ((mask & IN_ISDIR) != 0 || std::filesystem::path(name).extension().empty())) {
        changed[inside.string()] = true;
    }
}

std::vector<std::string> FolderWatch::take() {
    std::vector<std::string> folders;
    for (FolderChange& change : take_changes()) {
        folders.push_back(std::move(change.folder));
    }
    return folders;
}

std::vector<FolderChange> FolderWatch::take_changes() {
    std::map<std::string, bool> changed;
    alignas(inotify_event) std::array<char, 16'384> buffer{};
    for (;;) {
        const ssize_t count = ::read(descriptor_.number(), buffer.data(), buffer.size());
        if (count <= 0) {
            break;
        }
        for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof(event));
            const char* name = buffer.data() + at + sizeof(event);
            at += sizeof(event) + event.len;
            if ((event.mask & IN_Q_OVERFLOW) != 0) {
                for (const auto& [number, folder] : folders_) {
                    changed[folder] = true;
                }
                for (const auto& [number, folder] : searched_) {
                    changed[folder] = true;
                }
                continue;
            }
            if ((event.mask & IN_IGNORED) != 0) {
                folders_.erase(event.wd);
                parents_.erase(event.wd);
                searched_.erase(event.wd);
                continue;
            }
            const bool described =
                event.len != 0 && std::string_view(name) == config::manifest_file_name;
            if (const auto own = folders_.find(event.wd);
                own != folders_.end() &&
                ((event.mask & completed) != 0 || ((event.mask & vanished) != 0 && described))) {
                bool& anew = changed[own->second];
                anew = anew || described;
            }
            if (const auto search = searched_.find(event.wd);
                search != searched_.end() && event.len != 0) {
                in_search_folder(std::string(search->second), name, event.mask, changed);
            }
            const auto parent = parents_.find(event.wd);
            if (parent == parents_.end() || event.len == 0 || (event.mask & appeared) == 0) {
                continue;
            }
            const std::vector<std::string> inside = parent->second;
            for (const std::string& folder : inside) {
                if (std::filesystem::path(folder).filename() == name) {
                    (void)add(folder);  // another folder of that name: it may be gone again
                    changed[folder] = true;
                }
            }
        }
    }
    std::vector<FolderChange> changes;
    changes.reserve(changed.size());
    for (const auto& [folder, anew] : changed) {
        changes.push_back({folder, anew});
    }
    return changes;
}

}  // namespace patchbay::app
