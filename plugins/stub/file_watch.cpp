// SPDX-License-Identifier: Apache-2.0
#include "file_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

namespace patchbay::stub {

namespace {

/// inotify's own limits look like other troubles in errno's texts.
tl::unexpected<Error> watch_failure(const char* what, const std::string& path) {
    const int number = errno;
    auto reason = system_failure("stub.cannot_watch", what, path);
    if (number == EMFILE || number == ENOSPC) {
        reason.value().message += number == EMFILE ? " (see sysctl fs.inotify.max_user_instances)"
                                                   : " (see sysctl fs.inotify.max_user_watches)";
    }
    return reason;
}

}  // namespace

Result<FileWatch> FileWatch::open(const std::string& path) {
    FileWatch watch(FileHandle(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), path);
    if (!watch.notify_) {
        return watch_failure("watch", path);
    }
    std::string folder = std::filesystem::path(path).parent_path().string();
    if (folder.empty()) {
        folder = ".";
    }
    if (::inotify_add_watch(watch.notify_.get(), folder.c_str(),
                            IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0) {
        return watch_failure("watch the folder of", path);
    }
    return watch;
}

void FileWatch::acknowledge() {
    // What the events say does not matter: the file is looked at whatever happened.
    std::array<char, 4096> events;
    while (::read(notify_.get(), events.data(), events.size()) > 0) {
    }
}

Result<void> FileWatch::follow() {
    if (file_watch_ >= 0) {
        ::inotify_rm_watch(notify_.get(), file_watch_);
    }
    file_watch_ = ::inotify_add_watch(notify_.get(), path_.c_str(),
                                      IN_MODIFY | IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB);
    if (file_watch_ < 0 && errno != ENOENT) {
        return watch_failure("watch", path_);
    }
    return {};
}

}  // namespace patchbay::stub
