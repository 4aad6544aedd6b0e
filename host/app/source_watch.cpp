// SPDX-License-Identifier: Apache-2.0
#include "app/source_watch.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

namespace patchbay::app {

namespace {

namespace fs = std::filesystem;

constexpr unsigned file_completed = IN_CLOSE_WRITE | IN_MOVED_TO;
constexpr unsigned file_appeared = IN_CREATE | IN_MOVED_TO;

/// Compilers' results, and what editors leave beside a file while they write it.
constexpr std::array<std::string_view, 14> other_endings = {
    "~",     ".swp", ".swx", ".swo", ".tmp", ".part", ".bak",
    ".orig", ".o",   ".a",   ".so",  ".dll", ".d",    ".pyc"};

bool ends_with(std::string_view name, std::string_view ending) {
    return name.size() >= ending.size() && name.substr(name.size() - ending.size()) == ending;
}

/// vim tries with a file of such a name whether it may write: 4913, 5036, ...
bool is_number(std::string_view name) {
    return std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_source_name(std::string_view name) {
    if (name.empty() || name.front() == '.' || name.front() == '#' || is_number(name)) {
        return false;
    }
    return std::none_of(other_endings.begin(), other_endings.end(),
                        [&](std::string_view ending) { return ends_with(name, ending); });
}

bool is_build_folder(const std::string& folder) {
    const std::string name = fs::path(folder).filename().string();
    if (name.empty() || name.front() == '.' || name == "build" || name == "builddir" ||
        name == "_build" || name == "__pycache__") {
        return true;
    }
    std::error_code ignored;
    return fs::exists(folder + "/build.ninja", ignored) ||
           fs::exists(folder + "/meson-private", ignored) ||
           fs::exists(folder + "/CMakeCache.txt", ignored);
}

Result<SourceWatch> SourceWatch::open(const std::string& root) {
    Result<Inotify> notices = Inotify::open();
    if (!notices) {
        return tl::unexpected(notices.error());
    }
    std::error_code error;
    const fs::path canonical = fs::canonical(root, error);
    if (error) {
        return failure(ErrorClass::invalid, "watch.failed",
                       "the folder " + root + " cannot be watched: " + error.message());
    }
    SourceWatch watch(std::move(*notices), canonical.string());
    if (auto added = watch.add(watch.root_, nullptr); !added) {
        return tl::unexpected(added.error());
    }
    return watch;
}

Result<void> SourceWatch::add(const std::string& folder, std::set<std::string>* saved) {
    std::vector<std::string> waiting{folder};
    while (!waiting.empty()) {
        const std::string next = std::move(waiting.back());
        waiting.pop_back();
        if (folders_.size() >= most_folders) {
            return failure(ErrorClass::overloaded, "watch.too_many_folders",
                           "there are more than " + std::to_string(most_folders) +
                               " folders below " + root_ + "; watch a smaller one");
        }
        const Result<int> number = notices_.add(next, file_completed | file_appeared);
        if (!number) {
            if (next == root_) {
                return tl::unexpected(number.error());
            }
            continue;  // gone again, or not ours to read
        }
        folders_[*number] = next;
        std::error_code error;
        for (fs::directory_iterator each(next, error), end; !error && each != end;
             each.increment(error)) {
            std::error_code ignored;
            const std::string path = each->path().string();
            if (each->is_symlink(ignored)) {
                continue;
            }
            if (each->is_directory(ignored)) {
                if (!is_build_folder(path)) {
                    waiting.push_back(path);
                }
            } else if (saved != nullptr && is_source_name(each->path().filename().string())) {
                saved->insert(relative(path));
            }
        }
    }
    return {};
}

std::string SourceWatch::relative(const std::string& path) const {
    return fs::path(path).lexically_relative(root_).string();
}

std::vector<std::string> SourceWatch::take() {
    std::set<std::string> saved;
    notices_.take([&](const Inotify::Notice& notice) { hear(notice, saved); });
    return {saved.begin(), saved.end()};
}

void SourceWatch::hear(const Inotify::Notice& notice, std::set<std::string>& saved) {
    if ((notice.events & IN_Q_OVERFLOW) != 0) {
        saved.insert(".");
        (void)add(root_, nullptr);  // folders may have come
        return;
    }
    if ((notice.events & IN_IGNORED) != 0) {
        folders_.erase(notice.folder);
        return;
    }
    const auto known = folders_.find(notice.folder);
    if (known == folders_.end() || notice.name.empty()) {
        return;
    }
    const std::string folder = known->second;
    const std::string path = folder + '/' + std::string(notice.name);
    if ((notice.events & IN_ISDIR) != 0) {
        if ((notice.events & file_appeared) != 0 && !is_build_folder(path)) {
            (void)add(path, &saved);
        }
        return;
    }
    if ((notice.events & file_completed) == 0 || !is_source_name(notice.name)) {
        return;
    }
    if (folder != root_ && is_build_folder(folder)) {
        notices_.remove(notice.folder);  // it became one since
        return;
    }
    saved.insert(relative(path));
}

}  // namespace patchbay::app
