// SPDX-License-Identifier: Apache-2.0
#include "plugins/package_search.hpp"

#include "plugin_folders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchbay::plugins {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

config::PackageDependency library(const std::string& name) {
    config::PackageDependency dependency;
    dependency.name = "thing";
    dependency.library = name;
    dependency.location = {"connection.yaml", 7, 3};
    return dependency;
}

config::PackageDependency module(const std::string& name, const std::string& version) {
    config::PackageDependency dependency;
    dependency.name = "thing";
    dependency.pkg_config = name;
    dependency.version = version;
    return dependency;
}

TEST(PackageSearch, FindsLibrariesInThePluginsFolderAndTheLinkersFolders) {
    const test::TemporaryFolder folder;
    test::make_folder(folder.path() / "a");
    test::make_folder(folder.path() / "plugin");
    test::write_file(folder.path() / "a/libone.so.1", "");
    test::write_file(folder.path() / "plugin/libtwo.so", "");
    const PackageSearch search({folder.path() / "a"}, {});
    const std::string plugin = folder.path() / "plugin";
    EXPECT_FALSE(search.problem(library("libone.so.1"), plugin));
    EXPECT_FALSE(search.problem(library("libtwo.so"), plugin));
    const auto problem = search.problem(library("libthree.so"), plugin);
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->code, "plugin.library_missing");
    EXPECT_THAT(problem->message, HasSubstr((folder.path() / "a").string()));
    EXPECT_EQ(problem->location.line, 7U);
}

TEST(PackageSearch, ReadsTheVersionOfModulesAndHoldsItAgainstTheRule) {
    const test::TemporaryFolder folder;
    test::write_file(folder.path() / "tls.pc",
                     "prefix=/usr\nrelease=3.0\nName: tls\nVersion: ${release}.15\n");
    const PackageSearch search({}, {folder.path()});
    EXPECT_FALSE(search.problem(module("tls", ""), ""));
    EXPECT_FALSE(search.problem(module("tls", ">=3.0, <4"), ""));
    const auto problem = search.problem(module("tls", ">=3.1"), "");
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->code, "plugin.module_version");
    EXPECT_THAT(problem->message, HasSubstr("3.0.15; expected >=3.1"));
    EXPECT_EQ(search.problem(module("tsl", ""), "")->code, "plugin.module_missing");
    EXPECT_EQ(search.problem(module("tls", "banana"), "")->code, "version.malformed");
}

TEST(PackageSearch, PassesOverPythonPackages) {
    config::PackageDependency python;
    python.name = "aiohttp";
    python.version = "<4,>=3";
    EXPECT_FALSE(PackageSearch({}, {}).problem(python, ""));
}

TEST(PackageSearch, FollowsIncludesOfTheLinkersConfiguration) {
    const test::TemporaryFolder folder;
    test::write_file(folder.path() / "main.conf",
                     "include conf.d/*.conf\n/last # comment\ninclude main.conf\n");
    test::make_folder(folder.path() / "conf.d");
    test::write_file(folder.path() / "conf.d/b.conf", "/b\n");
    test::write_file(folder.path() / "conf.d/a.conf", "# nothing\n/a\n");
    EXPECT_THAT(linker_folders(folder.path() / "main.conf"), ElementsAre("/last", "/a", "/b"));
}

TEST(PackageSearch, KnowsTheCLibraryOfThisMachine) {
    const std::string found = PackageSearch::of_this_machine().find_library("libc.so.6", "");
    EXPECT_THAT(found, HasSubstr("libc.so.6"));
}

}  // namespace
}  // namespace patchbay::plugins
