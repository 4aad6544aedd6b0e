// SPDX-License-Identifier: Apache-2.0
#include "app/source_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace patchbay::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SourceWatchTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "patchbay-sources-XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        root_ = std::filesystem::canonical(name);
        std::filesystem::create_directories(root_ / "src/deep");
        std::filesystem::create_directories(root_ / "build/sub");
        std::filesystem::create_directories(root_ / ".git");
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    void write(const std::string& file) const { std::ofstream(root_ / file) << "text"; }
    [[nodiscard]] SourceWatch watch() const {
        Result<SourceWatch> opened = SourceWatch::open(root_.string());
        if (!opened) {
            throw std::runtime_error(to_string(opened.error()));
        }
        return std::move(*opened);
    }

    std::filesystem::path root_;
};

TEST_F(SourceWatchTest, HearsOfSourcesThatAreComplete) {
    SourceWatch watched = watch();
    EXPECT_EQ(watched.folder_count(), 3U);
    EXPECT_THAT(watched.take(), IsEmpty());
    {
        std::ofstream file(root_ / "a.cpp");
        file << "half" << std::flush;
        EXPECT_THAT(watched.take(), IsEmpty()) << "it is still being written";
    }
    write("src/deep/b.hpp");
    write("src/deep/b.hpp");
    EXPECT_THAT(watched.take(), ElementsAre("a.cpp", "src/deep/b.hpp"));
    write("src/c.cpp.tmp");
    EXPECT_THAT(watched.take(), IsEmpty());
    std::filesystem::rename(root_ / "src/c.cpp.tmp", root_ / "src/c.cpp");
    EXPECT_THAT(watched.take(), ElementsAre("src/c.cpp"));
}

TEST_F(SourceWatchTest, WhatEditorsAndBuildsMakeDoesNotCount) {
    SourceWatch watched = watch();
    for (const char* file :
         {".a.cpp.swp", "a.cpp~", "4913", "#a.cpp#", ".#a.cpp", ".goutputstream-X1", "a.o",
          "liba.so", "a.cpp.tmp", "build/x.cpp", "build/sub/y.cpp", ".git/index"}) {
        write(file);
    }
    EXPECT_THAT(watched.take(), IsEmpty());
}

TEST_F(SourceWatchTest, FoldersMayCome) {
    SourceWatch watched = watch();
    std::filesystem::create_directories(root_ / "more/and_more");
    write("more/and_more/a.cpp");
    EXPECT_THAT(watched.take(), ElementsAre("more/and_more/a.cpp"));
    write("more/and_more/a.cpp");
    EXPECT_THAT(watched.take(), ElementsAre("more/and_more/a.cpp"));
    std::filesystem::create_directories(root_ / "build/made");
    std::filesystem::rename(root_ / "build/made", root_ / "moved");
    (void)watched.take();
    write("moved/b.cpp");
    EXPECT_THAT(watched.take(), ElementsAre("moved/b.cpp"));
    std::filesystem::remove_all(root_ / "moved");
    EXPECT_THAT(watched.take(), IsEmpty());
}

TEST_F(SourceWatchTest, AFolderThatBecomesABuildFolderIsLeftAlone) {
    SourceWatch watched = watch();
    std::filesystem::create_directory(root_ / "out");
    (void)watched.take();
    write("out/build.ninja");
    write("out/generated.cpp");
    EXPECT_THAT(watched.take(), IsEmpty());
    write("out/generated.cpp");
    EXPECT_THAT(watched.take(), IsEmpty());
    EXPECT_EQ(watched.folder_count(), 3U);
}

TEST_F(SourceWatchTest, LinksAreNotFollowed) {
    std::filesystem::create_directory_symlink(root_, root_ / "src/round");
    EXPECT_EQ(watch().folder_count(), 3U);
}

TEST_F(SourceWatchTest, TheFoldersHaveABound) {
    for (std::size_t i = 0; i < SourceWatch::most_folders; ++i) {
        std::filesystem::create_directory(root_ / "src" / ("f" + std::to_string(i)));
    }
    const Result<SourceWatch> opened = SourceWatch::open(root_.string());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, "watch.too_many_folders");
}

TEST_F(SourceWatchTest, AFolderThatIsNotThereIsNamed) {
    const Result<SourceWatch> opened = SourceWatch::open((root_ / "missing").string());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, "watch.failed");
}

}  // namespace
}  // namespace patchbay::app
