// SPDX-License-Identifier: Apache-2.0
#include "app/build_process.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

namespace patchbay::app {
namespace {

BuildProcess started(const std::string& command) {
    Result<BuildProcess> process = BuildProcess::start(command);
    if (!process) {
        throw std::runtime_error(to_string(process.error()));
    }
    return std::move(*process);
}

TEST(BuildProcessTest, TellsHowItEnded) {
    EXPECT_EQ(started("exit 0").wait(), 0);
    EXPECT_EQ(started("exit 3").wait(), 3);
    EXPECT_EQ(started("no-such-command-anywhere 2> /dev/null").wait(), 127);
    EXPECT_EQ(started("kill -KILL $$").wait(), 128 + SIGKILL);
}

TEST(BuildProcessTest, ItsDescriptorTellsThatItEnded) {
    BuildProcess process = started("read line; exit 4");
    pollfd descriptor{process.descriptor(), POLLIN, 0};
    EXPECT_EQ(::poll(&descriptor, 1, 20'000), 1) << "there is nothing to read, so it ends";
    EXPECT_EQ(process.wait(), 4);
}

TEST(BuildProcessTest, EndsWithEverythingThatItStarted) {
    std::string folder = testing::TempDir() + "patchbay-build-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    const std::string file = folder + "/child";
    pid_t child = 0;
    {
        const BuildProcess process = started("sleep 1000 & echo $! > " + file + ".new; mv " + file +
                                             ".new " + file + "; wait");
        while (!(std::ifstream(file) >> child)) {
            std::this_thread::yield();
        }
        EXPECT_EQ(::kill(child, 0), 0);
    }
    // Whoever adopted it may not have waited for it yet.
    const auto state = [child] {
        std::string line;
        std::getline(std::ifstream("/proc/" + std::to_string(child) + "/stat"), line);
        return line.empty() ? 'X' : line[line.rfind(')') + 2];
    };
    while (state() != 'X' && state() != 'Z') {
        std::this_thread::yield();
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace patchbay::app
