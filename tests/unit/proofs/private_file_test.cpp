// SPDX-License-Identifier: Apache-2.0
#include "temporary_folder.hpp"

#include <patchbay/private_file.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace patchbay {
namespace {

TEST(PrivateFile, IsReadBackAndReplacedAsAWhole) {
    const TemporaryFolder folder;
    const std::string path = folder.file("new/folders/secret");
    ASSERT_TRUE(write_private_file(path, "first"));
    ASSERT_TRUE(write_private_file(path, "second"));
    EXPECT_EQ(*read_private_file(path), "second");
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    ASSERT_EQ(::stat(folder.file("new").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0700U);
    // Nothing else is left behind.
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.file("new/folders")), {}),
              1);
}

TEST(PrivateFile, KeepsWhatIsThereWhenAskedTo) {
    const TemporaryFolder folder;
    const std::string path = folder.file("secret");
    ASSERT_TRUE(write_private_file(path, "first", Existing::keep));
    const auto again = write_private_file(path, "second", Existing::keep);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, "file.exists");
    EXPECT_EQ(*read_private_file(path), "first");
}

TEST(PrivateFile, RefusesWhatOthersCanReadAndNamesTheRepair) {
    const TemporaryFolder folder;
    const std::string path = folder.file("secret");
    ASSERT_TRUE(write_private_file(path, "x"));
    ::chmod(path.c_str(), 0644);
    const auto read = read_private_file(path);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, "file.not_private");
    EXPECT_THAT(read.error().message, testing::HasSubstr("0644"));
    EXPECT_THAT(read.error().message, testing::HasSubstr("chmod 600 '" + path + "'"));
}

TEST(PrivateFile, RefusesLinksFoldersPipesAndTheMissing) {
    const TemporaryFolder folder;
    ASSERT_TRUE(write_private_file(folder.file("secret"), "x"));
    ASSERT_EQ(::symlink(folder.file("secret").c_str(), folder.file("link").c_str()), 0);
    ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
    EXPECT_EQ(read_private_file(folder.file("link")).error().code, "file.unreadable");
    EXPECT_EQ(read_private_file(folder.path()).error().code, "file.unreadable");
    EXPECT_EQ(read_private_file(folder.file("pipe")).error().code, "file.unreadable");
    EXPECT_EQ(read_private_file(folder.file("none")).error().code, "file.missing");
}

TEST(PrivateFile, RefusesWhatIsTooLarge) {
    const TemporaryFolder folder;
    const std::string path = folder.file("large");
    ASSERT_TRUE(write_private_file(path, std::string(largest_private_file + 1, 'x')));
    EXPECT_EQ(read_private_file(path).error().code, "file.too_large");
}

}  // namespace
}  // namespace patchbay
