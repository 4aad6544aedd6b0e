// SPDX-License-Identifier: Apache-2.0
#include "app/folder_watch.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <filesystem>

namespace patchbay::app {

namespace {

constexpr unsigned completed = IN_CLOSE_WRITE | IN_MOVED_TO;
constexpr unsigned appeared = IN_CREATE | IN_MOVED_TO;

}  // namespace

Result<FolderWatch> FolderWatch::open() {
    return Inotify::open().map([](Inotify notices) { return FolderWatch(std::move(notices)); });
}

Result<void> FolderWatch::add(const std::string& folder) {
    const auto own = notices_.add(folder, completed);
    if (!own) {
        return tl::unexpected(own.error());
    }
    folders_[*own] = folder;
    const std::filesystem::path above = std::filesystem::path(folder).parent_path();
    const auto parent = notices_.add(above.string(), appeared);
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
    notices_.take([&](const Inotify::Notice& notice) { hear(notice, changed); });
    return {changed.begin(), changed.end()};
}

void FolderWatch::hear(const Inotify::Notice& notice, std::set<std::string>& changed) {
    if ((notice.events & IN_Q_OVERFLOW) != 0) {
        for (const auto& [number, folder] : folders_) {
            changed.insert(folder);
        }
        return;
    }
    if ((notice.events & IN_IGNORED) != 0) {
        folders_.erase(notice.folder);
        parents_.erase(notice.folder);
        return;
    }
    if (const auto own = folders_.find(notice.folder);
        own != folders_.end() && (notice.events & completed) != 0) {
        changed.insert(own->second);
    }
    const auto parent = parents_.find(notice.folder);
    if (parent == parents_.end() || notice.name.empty()) {
        return;
    }
    const std::vector<std::string> inside = parent->second;
    for (const std::string& folder : inside) {
        if (std::filesystem::path(folder).filename() == notice.name) {
            (void)add(folder);  // another folder of that name: it may be gone again
            changed.insert(folder);
        }
    }
}

}  // namespace patchbay::app
