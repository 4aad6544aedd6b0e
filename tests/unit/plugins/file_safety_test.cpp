// SPDX-License-Identifier: Apache-2.0
#include "plugins/file_safety.hpp"

#include "plugin_folders.hpp"
#include "plugins/shell_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchbay::plugins {
namespace {

using ::testing::HasSubstr;

TEST(FileSafety, AcceptsWhatOnlyTheOwnerMayChange) {
    EXPECT_FALSE(ownership_problem("/p", {.owner = 1000, .mode = 040755}, 1000));
    EXPECT_FALSE(ownership_problem("/p", {.owner = 0, .mode = 040755}, 1000));
}

TEST(FileSafety, NamesTheExactCommandForEachProblem) {
    const auto group = ownership_problem("/opt/my plugins", {.owner = 0, .mode = 040775}, 1000);
    ASSERT_TRUE(group);
    EXPECT_EQ(group->code, "file.unsafe_permissions");
    EXPECT_THAT(group->message, HasSubstr("its group may change it"));
    EXPECT_THAT(group->message, HasSubstr("run: chmod go-w '/opt/my plugins'"));
    const auto others = ownership_problem("/p", {.owner = 0, .mode = 040757}, 1000);
    ASSERT_TRUE(others);
    EXPECT_THAT(others->message, HasSubstr("all others may change it"));
    const auto owner = ownership_problem("/p", {.owner = 1001, .mode = 040755}, 1000);
    ASSERT_TRUE(owner);
    EXPECT_EQ(owner->code, "file.unsafe_owner");
    EXPECT_THAT(owner->message, HasSubstr("run: chown 1000 /p"));
}

TEST(FileSafety, LooksAtRealFiles) {
    const test::TemporaryFolder folder;
    test::make_folder(folder.path() / "p");
    EXPECT_FALSE(safety_problem(folder.path() / "p"));
    std::filesystem::permissions(folder.path() / "p", std::filesystem::perms(0777));
    EXPECT_TRUE(safety_problem(folder.path() / "p"));
    EXPECT_EQ(safety_problem(folder.path() / "missing")->code, "file.read");
}

TEST(ShellText, QuotesOnlyWhereNeeded) {
    EXPECT_EQ(shell_quoted("/usr/lib/x-1.so"), "/usr/lib/x-1.so");
    EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
    EXPECT_EQ(shell_quoted(""), "''");
}

}  // namespace
}  // namespace patchbay::plugins
