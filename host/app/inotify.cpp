// SPDX-License-Identifier: Apache-2.0
#include "app/inotify.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace patchbay::app {

namespace {

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

Result<Inotify> Inotify::open() {
    control::Descriptor descriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (descriptor.number() < 0) {
        return failure(ErrorClass::failed, "watch.unavailable",
                       "folders cannot be watched: " + reason_text(errno));
    }
    return Inotify(std::move(descriptor));
}

Result<int> Inotify::add(const std::string& folder, std::uint32_t events) {
    const int number = ::inotify_add_watch(descriptor_.number(), folder.c_str(),
                                           events | IN_ONLYDIR | IN_MASK_ADD);
    if (number < 0) {
        return failure(ErrorClass::failed, "watch.failed",
                       "the folder " + folder + " cannot be watched: " + reason_text(errno));
    }
    return number;
}

void Inotify::remove(int folder) const {
    (void)::inotify_rm_watch(descriptor_.number(), folder);
}

void Inotify::take(const std::function<void(const Notice&)>& tell) {
    alignas(inotify_event) std::array<char, 16'384> buffer{};
    for (;;) {
        const ssize_t count = ::read(descriptor_.number(), buffer.data(), buffer.size());
        if (count <= 0) {
            return;
        }
        for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof(event));
            const char* name = buffer.data() + at + sizeof(event);
            at += sizeof(event) + event.len;
            tell({event.wd, event.mask,
                  event.len == 0 ? std::string_view()
                                 : std::string_view(name, ::strnlen(name, event.len))});
        }
    }
}

}  // namespace patchbay::app
