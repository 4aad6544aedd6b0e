// SPDX-License-Identifier: Apache-2.0
#include "app/folder_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

namespace patchbay::app {

namespace {

constexpr unsigned completed = IN_CLOSE_WRITE | IN_MOVED_TO;
constexpr unsigned appeared = IN_CREATE | IN_MOVED_TO;

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
    const auto own = watch(folder, completed);
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

std::vector<std::string> FolderWatch::take() {
    std::set<std::string> changed;
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
                    changed.insert(folder);
                }
                continue;
            }
            if ((event.mask & IN_IGNORED) != 0) {
                folders_.erase(event.wd);
                parents_.erase(event.wd);
                continue;
            }
            if (const auto own = folders_.find(event.wd);
                own != folders_.end() && (event.mask & completed) != 0) {
                changed.insert(own->second);
            }
            const auto parent = parents_.find(event.wd);
            if (parent == parents_.end() || event.len == 0) {
                continue;
            }
            const std::vector<std::string> inside = parent->second;
            for (const std::string& folder : inside) {
                if (std::filesystem::path(folder).filename() == name) {
                    (void)add(folder);  // another folder of that name: it may be gone again
                    changed.insert(folder);
                }
            }
        }
    }
    return {changed.begin(), changed.end()};
}

}  // namespace patchbay::app
