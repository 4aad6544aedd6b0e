// SPDX-License-Identifier: Apache-2.0
#include "app/folder_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace patchbay::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FolderWatchTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "patchbay-watch-XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        root_ = std::filesystem::canonical(name);
        folder_ = root_ / "plugin";
        std::filesystem::create_directory(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    static void write(const std::filesystem::path& file) { std::ofstream(file) << "bytes"; }
    FolderWatch watch() {
        Result<FolderWatch> opened = FolderWatch::open();
        if (!opened) {
            throw std::runtime_error(to_string(opened.error()));
        }
        EXPECT_TRUE(opened->add(folder_.string()));
        return std::move(*opened);
    }
    static bool is_readable(const FolderWatch& watch) {
        pollfd descriptor{watch.descriptor(), POLLIN, 0};
        return ::poll(&descriptor, 1, 0) == 1;
    }

    std::filesystem::path root_;
    std::filesystem::path folder_;
};

TEST_F(FolderWatchTest, HearsOfFilesThatAreComplete) {
    FolderWatch watched = watch();
    EXPECT_FALSE(is_readable(watched));
    {
        std::ofstream file(folder_ / "lib.so");
        file << "half" << std::flush;
        EXPECT_THAT(watched.take(), IsEmpty()) << "it is still being written";
    }
    EXPECT_TRUE(is_readable(watched));
    EXPECT_THAT(watched.take(), ElementsAre(folder_.string()));
    EXPECT_THAT(watched.take(), IsEmpty());
    write(root_ / "fresh.so");
    EXPECT_THAT(watched.take(), IsEmpty()) << "elsewhere";
    std::filesystem::rename(root_ / "fresh.so", folder_ / "lib.so");
    EXPECT_THAT(watched.take(), ElementsAre(folder_.string()));
}

TEST_F(FolderWatchTest, ManyWritesAreOneChange) {
    FolderWatch watched = watch();
    for (int i = 0; i < 100; ++i) {
        write(folder_ / std::to_string(i));
    }
    EXPECT_THAT(watched.take(), ElementsAre(folder_.string()));
}

TEST_F(FolderWatchTest, GoesOnWithAFolderThatTookThePlace) {
    FolderWatch watched = watch();
    std::filesystem::create_directory(root_ / "fresh");
    std::filesystem::rename(folder_, root_ / "old");
    std::filesystem::rename(root_ / "fresh", folder_);
    EXPECT_THAT(watched.take(), ElementsAre(folder_.string()));
    write(folder_ / "lib.so");
    EXPECT_THAT(watched.take(), ElementsAre(folder_.string()));
    std::filesystem::remove_all(folder_);
    (void)watched.take();
    std::filesystem::create_directory(folder_);
    EXPECT_THAT(watched.take(), ElementsAre(folder_.string()));
    write(folder_ / "lib.so");
    EXPECT_THAT(watched.take(), ElementsAre(folder_.string()));
}

TEST_F(FolderWatchTest, AFolderThatIsNotThereIsNamed) {
    Result<FolderWatch> watched = FolderWatch::open();
    ASSERT_TRUE(watched);
    const Result<void> added = watched->add((root_ / "missing").string());
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, "watch.failed");
    EXPECT_NE(added.error().message.find((root_ / "missing").string()), std::string::npos);
}

std::string show(const std::vector<FolderChange>& changes) {
    std::string text;
    for (const FolderChange& change : changes) {
        text += (text.empty() ? "" : ", ") +
                std::filesystem::path(change.folder).filename().string() +
                (change.anew ? " anew" : "");
    }
    return text;
}

TEST_F(FolderWatchTest, TellsWhetherThePluginMayBeAnother) {
    FolderWatch watched = watch();
    write(folder_ / "lib.so");
    EXPECT_EQ(show(watched.take_changes()), "plugin");
    std::filesystem::remove(folder_ / "lib.so");
    EXPECT_EQ(show(watched.take_changes()), "") << "the linker writes the next one";
    write(folder_ / "connection.yaml");
    EXPECT_EQ(show(watched.take_changes()), "plugin anew");
    write(folder_ / "lib.so");
    std::filesystem::remove(folder_ / "connection.yaml");
    EXPECT_EQ(show(watched.take_changes()), "plugin anew");
}

TEST_F(FolderWatchTest, WatchesFoldersThatComeAndTellsThoseThatGo) {
    FolderWatch watched = watch();
    ASSERT_TRUE(watched.add_search(root_.string()));
    write(root_ / "README.md");
    std::filesystem::create_directory(root_ / ".hidden");
    EXPECT_EQ(show(watched.take_changes()), "");
    std::filesystem::create_directory(root_ / "fresh");
    EXPECT_EQ(show(watched.take_changes()), "fresh anew");
    write(root_ / "fresh/lib.so");
    EXPECT_EQ(show(watched.take_changes()), "fresh");
    std::filesystem::remove_all(root_ / "fresh");
    EXPECT_EQ(show(watched.take_changes()), "fresh anew");
    std::filesystem::rename(folder_, root_ / ".gone");
    EXPECT_EQ(show(watched.take_changes()), "plugin anew");
}

TEST_F(FolderWatchTest, AFolderThatCannotBeSearchedIsNamed) {
    FolderWatch watched = watch();
    const auto added = watched.add_search((root_ / "nowhere").string());
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, "watch.failed");
}

}  // namespace
}  // namespace patchbay::app
