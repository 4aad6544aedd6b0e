// SPDX-License-Identifier: Apache-2.0
// Real children: the shell.
#include "plugins/platform_child.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>

namespace patchbay::plugins::platform {
namespace {

using namespace std::chrono_literals;

Result<ChildEnd> run(const std::string& script, const std::string& input = {},
                     std::chrono::nanoseconds limit = 60s,
                     const std::function<bool()>& cancelled = {}) {
    return run_child({"/bin/sh", "-c", script}, input, limit, cancelled);
}

TEST(PlatformChild, GetsItsTextAndReports) {
    const std::string input(200'000, 'x');
    const auto end = run("wc -c >&3; echo words; echo more >&2; exit 5", input);
    ASSERT_TRUE(end) << to_string(end.error());
    EXPECT_EQ(end->exit_code, 5);
    EXPECT_EQ(end->signal, std::nullopt);
    EXPECT_EQ(end->report, "200000\n");
    EXPECT_EQ(end->words, "words\nmore\n");
}

TEST(PlatformChild, HasNoDescriptorsOfOurs) {
    const int ours = ::dup(STDERR_FILENO);  // without CLOEXEC
    ASSERT_GE(ours, 0);
    const auto end = run("ls /proc/self/fd | wc -l >&3");
    ::close(ours);
    ASSERT_TRUE(end);
    // 0 to 3, and the one with which ls reads the folder.
    EXPECT_EQ(end->report, "5\n");
}

TEST(PlatformChild, TellsTheSignalThatEndedIt) {
    const auto end = run("kill -SEGV $$");
    ASSERT_TRUE(end);
    EXPECT_EQ(end->exit_code, std::nullopt);
    ASSERT_TRUE(end->signal);
    EXPECT_EQ(signal_text(*end->signal), "signal 11 (Segmentation fault)");
}

TEST(PlatformChild, IsKilledWithAllThatItStartedWhenItsTimeIsOver) {
    const auto end = run("sleep 1000 & echo $! >&3; wait", {}, 200ms);
    ASSERT_TRUE(end);
    EXPECT_TRUE(end->out_of_time);
    EXPECT_EQ(end->exit_code, std::nullopt);
    // Readable once it has ended, whoever takes its status; none when that is taken already.
    const int ended = static_cast<int>(::syscall(SYS_pidfd_open, std::stoi(end->report), 0));
    if (ended >= 0) {
        pollfd descriptor{ended, POLLIN, 0};
        EXPECT_EQ(::poll(&descriptor, 1, 20'000), 1) << "it still runs";
        (void)::close(ended);
    } else {
        EXPECT_EQ(errno, ESRCH);
    }
}

TEST(PlatformChild, IsKilledWhenItIsCancelled) {
    const auto end = run("sleep 1000", {}, 60s, [] { return true; });
    ASSERT_TRUE(end);
    EXPECT_TRUE(end->cancelled);
}

TEST(PlatformChild, WhatItWritesIsBounded) {
    const auto end =
        run("yes report | head -c 1000000 >&3; yes words | head -c 1000000; echo last");
    ASSERT_TRUE(end);
    EXPECT_GE(end->report.size(), longest_child_report);
    EXPECT_LE(end->report.size(), longest_child_report + 4096);
    EXPECT_EQ(end->words.size(), longest_child_words);
    EXPECT_EQ(end->words.substr(end->words.size() - 5), "last\n");
}

TEST(PlatformChild, AProgramThatIsNotThereIsTold) {
    const auto end = run_child({"/nothing/there"}, "", 60s, {});
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, "child.not_started");
}

}  // namespace
}  // namespace patchbay::plugins::platform
