// SPDX-License-Identifier: Apache-2.0
#include "plugins/run_folder.hpp"

#include "temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

namespace patchbay::plugins {
namespace {

using test::TemporaryFolder;

void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
}

std::string read(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
}

unsigned mode(const std::filesystem::path& file) {
    struct stat status {};
    EXPECT_EQ(::stat(file.c_str(), &status), 0);
    return status.st_mode & 07777U;
}

TEST(RunFolder, CopyIsReadOnlyInAPrivateFolderAndHashed) {
    const TemporaryFolder data;
    write(data.path() / "libx.so", "abc");
    auto runs = RunFolder::create(data.path());
    ASSERT_TRUE(runs) << to_string(runs.error());
    auto copy = (*runs)->copy(data.path() / "libx.so", "x/../y");
    ASSERT_TRUE(copy) << to_string(copy.error());
    EXPECT_EQ(read(copy->file), "abc");
    EXPECT_EQ(copy->size, 3U);
    EXPECT_EQ(copy->sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(mode(copy->file), 0400U);
    EXPECT_EQ(mode(copy->file.parent_path()), 0700U);
    EXPECT_EQ(mode((*runs)->path()), 0700U);
    EXPECT_EQ(copy->file.parent_path().parent_path(), (*runs)->path());
}

TEST(RunFolder, EveryCopyHasAPathOfItsOwn) {
    const TemporaryFolder data;
    write(data.path() / "libx.so", "abc");
    auto runs = RunFolder::create(data.path());
    ASSERT_TRUE(runs);
    auto first = (*runs)->copy(data.path() / "libx.so", "x");
    auto second = (*runs)->copy(data.path() / "libx.so", "x");
    ASSERT_TRUE(first && second);
    EXPECT_NE(first->file, second->file);
    (*runs)->remove(*first);
    EXPECT_FALSE(std::filesystem::exists(first->file.parent_path()));
    EXPECT_TRUE(std::filesystem::exists(second->file));
}

TEST(RunFolder, RemovesWhatDeadHostsLeftAndNothingElse) {
    const TemporaryFolder data;
    auto living = RunFolder::create(data.path());
    ASSERT_TRUE(living);
    const auto parent = (*living)->path().parent_path();
    std::filesystem::create_directories(parent / "host-dead0001" / "x.1");
    write(parent / "host-dead0001" / "lock", "");
    std::filesystem::create_directories(parent / "host-nolock01");
    std::filesystem::create_directories(parent / "precious");
    write(parent / "precious" / "lock", "");

    auto next = RunFolder::create(data.path());
    ASSERT_TRUE(next) << to_string(next.error());
    EXPECT_FALSE(std::filesystem::exists(parent / "host-dead0001"));
    EXPECT_TRUE(std::filesystem::exists((*living)->path()));
    EXPECT_TRUE(std::filesystem::exists(parent / "host-nolock01"));
    EXPECT_TRUE(std::filesystem::exists(parent / "precious"));
}

TEST(RunFolder, GoesAwayAtTheEndUnlessACopyIsLeft) {
    const TemporaryFolder data;
    write(data.path() / "libx.so", "abc");
    std::filesystem::path empty;
    std::filesystem::path used;
    {
        auto runs = RunFolder::create(data.path());
        empty = (*runs)->path();
    }
    {
        auto runs = RunFolder::create(data.path());
        used = (*runs)->path();
        ASSERT_TRUE((*runs)->copy(data.path() / "libx.so", "x"));
    }
    EXPECT_FALSE(std::filesystem::exists(empty));
    EXPECT_TRUE(std::filesystem::exists(used));
}

TEST(RunFolder, RefusesWhatIsNoRegularFile) {
    const TemporaryFolder data;
    auto runs = RunFolder::create(data.path());
    ASSERT_TRUE(runs);
    ASSERT_EQ(::mkfifo((data.path() / "pipe").c_str(), 0600), 0);
    auto pipe = (*runs)->copy(data.path() / "pipe", "x");
    ASSERT_FALSE(pipe);
    EXPECT_EQ(pipe.error().code, "plugin.not_a_file");
    auto missing = (*runs)->copy(data.path() / "missing.so", "x");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, "plugin.copy_failed");
    EXPECT_NE(missing.error().message.find("missing.so"), std::string::npos);
}

TEST(RunFolder, SaysThatTheFileSystemForbidsCode) {
    // /proc/self/fd style tricks aside, a noexec mount is what /run or /dev/shm often is; without
    // one on this machine there is nothing to show.
    for (const char* candidate : {"/run/lock", "/dev/shm", "/run"}) {
        const std::filesystem::path folder =
            std::filesystem::path(candidate) / "patchbay-noexec-test";
        std::error_code error;
        if (!std::filesystem::create_directory(folder, error)) {
            continue;
        }
        const auto answer = platform::probe_executable(folder);
        std::filesystem::remove_all(folder, error);
        if (!answer) {
            EXPECT_EQ(answer.error().code, "plugin.run_folder_noexec");
            EXPECT_NE(answer.error().message.find("noexec"), std::string::npos);
            return;
        }
    }
    GTEST_SKIP() << "no file system here is mounted noexec";
}

}  // namespace
}  // namespace patchbay::plugins
