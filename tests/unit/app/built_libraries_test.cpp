// SPDX-License-Identifier: Apache-2.0
#include "app/built_libraries.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace patchbay::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class BuiltLibrariesTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "patchbay-built-XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        root_ = std::filesystem::canonical(name);
        std::filesystem::create_directories(root_ / "mine/build");
        std::filesystem::create_directories(root_ / "plugins/mine");
        std::filesystem::create_directories(root_ / "plugins/other");
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    std::string write(const std::string& file, const std::string& text = "1") const {
        // As linkers do it: another file takes the place.
        std::ofstream(root_ / "fresh") << text;
        std::filesystem::rename(root_ / "fresh", root_ / file);
        return (root_ / file).string();
    }
    static std::vector<std::string> names(const std::vector<LoadedLibrary>& loaded) {
        std::vector<std::string> all;
        for (const LoadedLibrary& each : loaded) {
            all.push_back(each.instance);
        }
        return all;
    }

    std::filesystem::path root_;
};

TEST_F(BuiltLibrariesTest, WhatLiesBelowTheSourcesIsConcerned) {
    const std::vector<LoadedLibrary> loaded{{"mine", write("mine/build/libmine.so")},
                                            {"second", (root_ / "mine/build/libmine.so").string()},
                                            {"other", write("plugins/other/libother.so")}};
    BuiltLibraries libraries((root_ / "mine").string());
    libraries.remember(loaded);
    EXPECT_THAT(names(libraries.take(loaded)), ElementsAre("mine")) << "each library once";
}

TEST_F(BuiltLibrariesTest, AFolderWithTheSameBeginningIsAnother) {
    const std::vector<LoadedLibrary> loaded{{"other", write("plugins/other/libother.so")}};
    BuiltLibraries libraries((root_ / "plug").string());
    libraries.remember(loaded);
    EXPECT_THAT(libraries.take(loaded), IsEmpty());
}

TEST_F(BuiltLibrariesTest, LinksAreFollowed) {
    write("mine/build/libmine.so");
    std::filesystem::create_directory_symlink(root_ / "mine/build", root_ / "plugins/linked");
    const std::vector<LoadedLibrary> loaded{
        {"mine", (root_ / "plugins/linked/libmine.so").string()}};
    BuiltLibraries libraries((root_ / "mine").string());
    libraries.remember(loaded);
    EXPECT_THAT(names(libraries.take(loaded)), ElementsAre("mine"));
}

TEST_F(BuiltLibrariesTest, WhatTheBuildPutElsewhereIsConcernedOnce) {
    const std::vector<LoadedLibrary> loaded{{"mine", write("plugins/mine/libmine.so")},
                                            {"other", write("plugins/other/libother.so")}};
    BuiltLibraries libraries((root_ / "mine").string());
    libraries.remember(loaded);
    EXPECT_THAT(libraries.take(loaded), IsEmpty());
    write("plugins/mine/libmine.so", "22");
    EXPECT_THAT(names(libraries.take(loaded)), ElementsAre("mine"));
    EXPECT_THAT(libraries.take(loaded), IsEmpty());
}

TEST_F(BuiltLibrariesTest, WhatTheHostLoadedSinceIsOnlyRemembered) {
    BuiltLibraries libraries((root_ / "mine").string());
    libraries.remember({});
    const std::vector<LoadedLibrary> loaded{{"other", write("plugins/other/libother.so")}};
    EXPECT_THAT(libraries.take(loaded), IsEmpty());
    write("plugins/other/libother.so", "22");
    EXPECT_THAT(names(libraries.take(loaded)), ElementsAre("other"));
}

}  // namespace
}  // namespace patchbay::app
