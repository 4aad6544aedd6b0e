// SPDX-License-Identifier: Apache-2.0
#include "app/folder_watch.hpp"

#include "config/manifest_reader.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

namespace patchbay::app {

namespace {

constexpr unsigned completed = IN_CLOSE_WRITE | IN_MOVED_TO;
constexpr unsigned appeared = IN_CREATE | IN_MOVED_TO;
constexpr unsigned vanished = IN_DELETE | IN_MOVED_FROM;

}  // namespace

Result<FolderWatch> FolderWatch::open() {
    return Inotify::open().map([](Inotify notices) { return FolderWatch(std::move(notices)); });
}

Result<void> FolderWatch::add(const std::string& folder) {
    const auto own = notices_.add(folder, completed | vanished);
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

Result<void> FolderWatch::add_search(const std::string& folder) {
    const auto own = notices_.add(folder, appeared | vanished);
    if (!own) {
        return tl::unexpected(own.error());
    }
    searched_[*own] = folder;
    return {};
}

void FolderWatch::in_search_folder(const std::string& folder, const Inotify::Notice& notice,
                                   Changes& changed) {
    const std::string name(notice.name);
    if (name.empty() || name.front() == '.') {
        return;  // discovery does not look there either
    }
    const std::filesystem::path inside = std::filesystem::path(folder) / name;
    const bool came = (notice.events & appeared) != 0;
    const bool went = (notice.events & vanished) != 0;
    std::error_code error;
    if (came && std::filesystem::is_directory(inside, error)) {
        const std::filesystem::path real = std::filesystem::canonical(inside, error);
        (void)add(error ? inside.string() : real.string());  // it may be gone again
        changed[inside.string()] = true;
    } else if (went &&
               // Without a suffix: a link to a folder, for all that is known.
               ((notice.events & IN_ISDIR) != 0 ||
                std::filesystem::path(name).extension().empty())) {
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
    Changes changed;
    notices_.take([&](const Inotify::Notice& notice) { hear(notice, changed); });
    std::vector<FolderChange> changes;
    changes.reserve(changed.size());
    for (const auto& [folder, anew] : changed) {
        changes.push_back({folder, anew});
    }
    return changes;
}

void FolderWatch::hear(const Inotify::Notice& notice, Changes& changed) {
    if ((notice.events & IN_Q_OVERFLOW) != 0) {
        for (const auto& [number, folder] : folders_) {
            changed[folder] = true;
        }
        for (const auto& [number, folder] : searched_) {
            changed[folder] = true;
        }
        return;
    }
    if ((notice.events & IN_IGNORED) != 0) {
        folders_.erase(notice.folder);
        parents_.erase(notice.folder);
        searched_.erase(notice.folder);
        return;
    }
    const bool described = notice.name == config::manifest_file_name;
    if (const auto own = folders_.find(notice.folder);
        own != folders_.end() &&
        ((notice.events & completed) != 0 || ((notice.events & vanished) != 0 && described))) {
        bool& anew = changed[own->second];
        anew = anew || described;
    }
    if (const auto search = searched_.find(notice.folder);
        search != searched_.end() && !notice.name.empty()) {
        in_search_folder(std::string(search->second), notice, changed);
    }
    const auto parent = parents_.find(notice.folder);
    if (parent == parents_.end() || notice.name.empty() || (notice.events & appeared) == 0) {
        return;
    }
    const std::vector<std::string> inside = parent->second;
    for (const std::string& folder : inside) {
        if (std::filesystem::path(folder).filename() == notice.name) {
            (void)add(folder);  // another folder of that name: it may be gone again
            changed[folder] = true;
        }
    }
}

}  // namespace patchbay::app
