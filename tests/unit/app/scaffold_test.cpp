// SPDX-License-Identifier: Apache-2.0
#include "app/scaffold.hpp"

#include "app/exit_code.hpp"
#include "config/manifest_reader.hpp"
#include "unit/app/run_patchbay.hpp"
#include "unit/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace patchbay::app {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

class Scaffold : public ::testing::Test {
  protected:
    std::string folder() const { return temporary_.path(); }
    TemporaryFolder temporary_;
};

TEST_F(Scaffold, MakesAPluginWithItsNamesInPlace) {
    const auto made = scaffold_connection({"my_new_connection", "jane", folder()});
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_EQ(fs::path(*made).filename(), "my_new_connection");
    const auto manifest = config::read_manifest(*made);
    ASSERT_TRUE(manifest) << to_string(manifest.error().front());
    EXPECT_EQ(manifest->public_id(), "jane/my_new_connection:0.1.0");
    const std::string source = text_of(fs::path(*made) / "connection.cpp");
    EXPECT_THAT(source, HasSubstr("MyScaffoldAsyncConnection : public patchbay::Connection"));
    EXPECT_THAT(source,
                HasSubstr("MyScaffoldSyncConnection : public patchbay::BaseSyncConnection"));
    EXPECT_THAT(source, HasSubstr("\"jane/my_new_connection:0.1.0\""));
    for (const char* name : {"README.md", "meson.build", "host.yaml", "connection.cpp"}) {
        EXPECT_THAT(text_of(fs::path(*made) / name), Not(HasSubstr("scaffold_"))) << name;
        EXPECT_NE(text_of(fs::path(*made) / name), "") << name;
    }
    EXPECT_EQ(fs::status(*made).permissions(), fs::perms(0755)) << "the host would refuse others";
}

TEST_F(Scaffold, RefusesWhatExistsAndLeavesItAlone) {
    fs::create_directory(fs::path(folder()) / "mine");
    std::ofstream(fs::path(folder()) / "mine/work.txt") << "precious";
    EXPECT_EQ(scaffold_connection({"mine", "jane", folder()}).error().code, "scaffold.exists");
    EXPECT_EQ(text_of(fs::path(folder()) / "mine/work.txt"), "precious");
    EXPECT_FALSE(fs::exists(fs::path(folder()) / "mine/connection.yaml"));
}

TEST_F(Scaffold, RefusesNamesThatCannotBe) {
    for (const char* name : {"", "My", "1st", "a-b", "../up", "a/b"}) {
        EXPECT_EQ(scaffold_connection({name, "jane", folder()}).error().code, "scaffold.bad_name");
    }
    EXPECT_EQ(scaffold_connection({"ok", "Jane Doe", folder()}).error().code,
              "scaffold.bad_author");
    EXPECT_TRUE(fs::is_empty(folder()));
}

TEST_F(Scaffold, LeavesNothingBehindWhenItFails) {
    const std::string missing = folder() + "/missing";
    EXPECT_EQ(scaffold_connection({"ok", "jane", missing}).error().code, "scaffold.write_failed");
    EXPECT_TRUE(fs::is_empty(folder()));
}

TEST_F(Scaffold, FindsAnAuthor) {
    EXPECT_EQ(default_author("jane", "root"), "jane");
    EXPECT_EQ(default_author(nullptr, "Jane.Doe-Smith"), "jane_doe_smith");
    EXPECT_EQ(default_author("", "42"), "my_author");
}

TEST_F(Scaffold, TellsWhatToTypeNext) {
    const Outcome outcome = run_patchbay(
        {"scaffold", "connection", "my_new_connection", "--author", "jane", "--path", folder()});
    EXPECT_EQ(outcome.code, exit_ok) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("meson setup build && ninja -C build"));
    EXPECT_EQ(run_patchbay({"scaffold", "connection", "a-b", "--path", folder()}).code, exit_usage);
}

}  // namespace
}  // namespace patchbay::app
