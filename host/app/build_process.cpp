// SPDX-License-Identifier: Apache-2.0
#include "app/build_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace patchbay::app {

namespace {

/// What a build gets to end by itself.
constexpr int grace_milliseconds = 2000;

}  // namespace

Result<BuildProcess> BuildProcess::start(const std::string& command) {
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    (void)::posix_spawnattr_init(&attributes);
    (void)::posix_spawn_file_actions_init(&files);
    sigset_t none;
    sigset_t defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    (void)::posix_spawnattr_setsigmask(&attributes, &none);
    (void)::posix_spawnattr_setsigdefault(&attributes, &defaults);
    (void)::posix_spawnattr_setpgroup(&attributes, 0);
    (void)::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    (void)::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    std::string shell = "sh";
    std::string option = "-c";
    std::string text = command;
    std::array<char*, 4> arguments = {shell.data(), option.data(), text.data(), nullptr};
    pid_t process = -1;
    const int refused =
        ::posix_spawn(&process, "/bin/sh", &files, &attributes, arguments.data(), environ);
    (void)::posix_spawn_file_actions_destroy(&files);
    (void)::posix_spawnattr_destroy(&attributes);
    if (refused != 0) {
        return failure(ErrorClass::failed, "build.not_started",
                       "the build cannot be started: " + std::generic_category().message(refused));
    }
    control::Descriptor ended(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
    const int number = errno;
    const bool watched = ended.number() >= 0;
    BuildProcess made(process, std::move(ended));
    if (!watched) {
        return failure(ErrorClass::failed, "build.not_started",
                       "the end of the build cannot be waited for: " +
                           std::generic_category().message(number));
    }
    return made;
}

BuildProcess::~BuildProcess() {
    if (process_ < 0) {
        return;
    }
    (void)::kill(-process_, SIGTERM);
    pollfd descriptor{ended_.number(), POLLIN, 0};
    (void)::poll(&descriptor, 1, grace_milliseconds);
    (void)::kill(-process_, SIGKILL);
    (void)wait();
}

int BuildProcess::wait() {
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace patchbay::app
