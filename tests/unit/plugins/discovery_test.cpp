// SPDX-License-Identifier: Apache-2.0
#include "plugins/discovery.hpp"

#include "plugin_folders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

namespace patchbay::plugins {
namespace {

namespace fs = std::filesystem;
using test::make_folder;
using test::ManifestText;
using test::write_file;
using test::write_plugin;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> codes(const std::vector<Error>& errors) {
    std::vector<std::string> result;
    std::transform(errors.begin(), errors.end(), std::back_inserter(result),
                   [](const Error& error) { return error.code; });
    return result;
}

class Discovery : public ::testing::Test {
  protected:
    Discovery() { make_folder(root_); }

    DiscoveryOptions options() const {
        DiscoveryOptions options;
        options.folders = {{root_.string(), true, true, {"host.yaml", 2, 5}}};
        options.packages = PackageSearch({}, {});
        return options;
    }

    test::TemporaryFolder temporary_;
    fs::path root_ = fs::canonical(temporary_.path()) / "plugins";
};

TEST_F(Discovery, FindsThePluginsOfAFolderInTheOrderOfTheirNames) {
    write_plugin(root_ / "zebra", {.name = "good"}, LIBRARY_GOOD);
    write_plugin(root_ / "ant", {.name = "defaults", .is_abstract = true});
    make_folder(root_ / "not_a_plugin");
    make_folder(root_ / ".hidden");
    write_file(root_ / ".hidden/connection.yaml", "x");
    write_file(root_ / "README.md", "hello");
    const Catalogue catalogue = discover(options());
    EXPECT_THAT(catalogue.problems, IsEmpty());
    ASSERT_EQ(catalogue.plugins.size(), 2U);
    EXPECT_EQ(catalogue.plugins[0].label(), "acme/defaults:1.2.3");
    EXPECT_EQ(catalogue.plugins[0].library, "");
    EXPECT_TRUE(catalogue.plugins[0].loadable());
    const FoundPlugin& good = catalogue.plugins[1];
    EXPECT_THAT(codes(good.errors), IsEmpty());
    EXPECT_EQ(good.folder, root_ / "zebra");
    EXPECT_EQ(good.library, root_ / "zebra/libgood.so");
    EXPECT_EQ(good.note->public_id, "acme/good:1.2.3");
    EXPECT_TRUE(good.autostart && good.watch);
    EXPECT_EQ(catalogue.folders[0].plugins, 2U);
}

TEST_F(Discovery, TakesTheFolderItselfWhenItIsAPlugin) {
    write_plugin(root_, {}, LIBRARY_GOOD);
    EXPECT_EQ(discover(options()).plugins.size(), 1U);
}

TEST_F(Discovery, SearchesTheEnvironmentAndTheInstalledDefaultAfterTheConfiguration) {
    const fs::path other = root_.parent_path() / "other";
    write_plugin(other / "one", {}, LIBRARY_GOOD);
    DiscoveryOptions all = options();
    all.plugin_path = ":" + other.string() + ":/no/such/folder:";
    all.installed_folder = "/no/installation";
    const Catalogue catalogue = discover(all);
    ASSERT_EQ(catalogue.plugins.size(), 1U);
    EXPECT_EQ(catalogue.plugins[0].origin, FolderOrigin::environment);
    EXPECT_FALSE(catalogue.plugins[0].autostart);
    EXPECT_THAT(codes(catalogue.problems), ElementsAre("folder.missing"));
    EXPECT_EQ(catalogue.searched_text(),
              "searched: " + root_.string() + " (host configuration), " + other.string() +
                  " (PATCHBAY_PLUGIN_PATH), /no/such/folder (PATCHBAY_PLUGIN_PATH, missing), "
                  "/no/installation (installed default, missing)");
}

TEST_F(Discovery, SaysWhichConfiguredFolderIsMissingAndWhereItWasWritten) {
    fs::remove_all(root_);
    const Catalogue catalogue = discover(options());
    ASSERT_THAT(codes(catalogue.problems), ElementsAre("folder.missing"));
    EXPECT_EQ(catalogue.problems[0].location.line, 2U);
    EXPECT_THAT(catalogue.problems[0].message, HasSubstr(root_.string()));
}

TEST_F(Discovery, NamesBothFilesOfADuplicate) {
    write_plugin(root_ / "a", {}, LIBRARY_GOOD);
    write_plugin(root_ / "b", {}, LIBRARY_GOOD);
    const Catalogue catalogue = discover(options());
    ASSERT_EQ(catalogue.plugins.size(), 2U);
    for (const FoundPlugin& plugin : catalogue.plugins) {
        ASSERT_THAT(codes(plugin.errors), ElementsAre("plugin.duplicate"));
        EXPECT_THAT(plugin.errors[0].message, HasSubstr("a/connection.yaml"));
        EXPECT_THAT(plugin.errors[0].message, HasSubstr("b/connection.yaml"));
    }
}

TEST_F(Discovery, CountsAPluginOnceThatIsReachedTwice) {
    write_plugin(root_ / "a", {}, LIBRARY_GOOD);
    fs::create_directory_symlink(root_ / "a", root_ / "b");
    DiscoveryOptions twice = options();
    twice.folders.push_back(twice.folders[0]);
    twice.plugin_path = (root_ / "a").string();
    const Catalogue catalogue = discover(twice);
    ASSERT_EQ(catalogue.plugins.size(), 1U);
    EXPECT_TRUE(catalogue.plugins[0].loadable());
    EXPECT_EQ(catalogue.folders.size(), 2U);
}

TEST_F(Discovery, RefusesWhatOthersMayChangeAndSaysWhatToType) {
    write_plugin(root_ / "folder", {}, LIBRARY_GOOD);
    write_plugin(root_ / "library", {.name = "lib"}, LIBRARY_GOOD);
    write_plugin(root_ / "yaml", {.name = "yaml", .is_abstract = true});
    fs::permissions(root_ / "folder", fs::perms(0775));
    fs::permissions(root_ / "library/liblib.so", fs::perms(0757));
    fs::permissions(root_ / "yaml/connection.yaml", fs::perms(0666));
    Catalogue catalogue = discover(options());
    ASSERT_EQ(catalogue.plugins.size(), 3U);
    for (const FoundPlugin& plugin : catalogue.plugins) {
        EXPECT_FALSE(plugin.loadable());
        EXPECT_EQ(plugin.errors[0].code, "file.unsafe_permissions") << plugin.folder;
        EXPECT_THAT(plugin.errors[0].message, HasSubstr("run: chmod go-w " + plugin.folder));
    }
    fs::permissions(root_, fs::perms(0777));
    catalogue = discover(options());
    EXPECT_THAT(catalogue.plugins, IsEmpty());
    ASSERT_THAT(codes(catalogue.problems), ElementsAre("file.unsafe_permissions"));
    EXPECT_THAT(catalogue.problems[0].message, HasSubstr("chmod go-w " + root_.string()));
}

TEST_F(Discovery, KeepsBrokenPluginsInTheListWithTheReason) {
    make_folder(root_ / "broken");
    write_file(root_ / "broken/connection.yaml", "name: [\n");
    write_plugin(root_ / "empty", {.name = "empty"});
    write_plugin(root_ / "renamed", {.name = "renamed"});
    fs::copy_file(LIBRARY_GOOD, root_ / "renamed/libother.so");
    make_folder(root_ / "dangling");
    fs::create_symlink("nowhere", root_ / "dangling/connection.yaml");
    const Catalogue catalogue = discover(options());
    ASSERT_EQ(catalogue.plugins.size(), 4U);
    for (const FoundPlugin& plugin : catalogue.plugins) {
        EXPECT_FALSE(plugin.loadable()) << plugin.folder;
    }
    EXPECT_EQ(catalogue.plugins[0].label(), root_ / "broken");
    EXPECT_THAT(catalogue.plugins[2].errors[0].message, HasSubstr("libempty.so (nor empty.so)"));
    EXPECT_THAT(catalogue.plugins[3].errors[0].message,
                HasSubstr("there is libother.so, name it with `library:`"));
}

TEST_F(Discovery, ChecksStatedDependencies) {
    write_plugin(root_ / "a", {.dependencies = "{curl: {library: libcurl.so.999}}"}, LIBRARY_GOOD);
    const Catalogue catalogue = discover(options());
    EXPECT_THAT(codes(catalogue.plugins[0].errors), ElementsAre("plugin.library_missing"));
}

TEST_F(Discovery, ChecksFingerprintsByThePolicy) {
    // Of a file with the content "hello" and a newline.
    const std::string hello = "bafybeiffndsajwhk3lwjewwdxqntmjm4b5wxaaanokonsggenkbw6slwk4";
    write_plugin(root_ / "good", {.fingerprint = "{README.md: " + hello + "}"}, LIBRARY_GOOD);
    DiscoveryOptions wanted = options();
    const auto discovered = [&](config::FingerprintPolicy policy) {
        wanted.fingerprint = policy;
        return discover(wanted).plugins.at(0);
    };
    write_file(root_ / "good/README.md", "hello\n");
    EXPECT_THAT(codes(discovered(config::FingerprintPolicy::warn).warnings), IsEmpty());
    EXPECT_THAT(codes(discovered(config::FingerprintPolicy::required).errors),
                ElementsAre("fingerprint.missing"));
    write_file(root_ / "good/README.md", "changed\n");
    EXPECT_THAT(codes(discovered(config::FingerprintPolicy::off).warnings), IsEmpty());
    const FoundPlugin warned = discovered(config::FingerprintPolicy::warn);
    EXPECT_THAT(codes(warned.warnings), ElementsAre("fingerprint.mismatch"));
    EXPECT_TRUE(warned.loadable());
    EXPECT_FALSE(discovered(config::FingerprintPolicy::required).loadable());
}

TEST_F(Discovery, RefusesAPluginThatLinksAnother) {
    write_plugin(root_ / "linked", {.name = "linked"}, LIBRARY_LINKED);
    write_plugin(root_ / "good", {}, LIBRARY_GOOD);
    const Catalogue catalogue = discover(options());
    ASSERT_EQ(catalogue.plugins.size(), 2U);
    EXPECT_TRUE(catalogue.plugins[0].loadable());
    ASSERT_THAT(codes(catalogue.plugins[1].errors), ElementsAre("plugin.needs_plugin"));
    EXPECT_THAT(catalogue.plugins[1].errors[0].message, HasSubstr("plugin acme/good:1.2.3"));
}

TEST_F(Discovery, LooksUpTheExactVersionElseTheHighest) {
    for (const char* version : {"1.9.0", "1.10.0", "0.1.0"}) {
        write_plugin(root_ / version, {.name = "x", .version = version, .is_abstract = true});
    }
    const Catalogue catalogue = discover(options());
    EXPECT_EQ(catalogue.find("acme/x:1.9.0")->manifest->version, "1.9.0");
    EXPECT_EQ(catalogue.find("acme/x:7.0.0")->manifest->version, "1.10.0");
    EXPECT_EQ(catalogue.find("acme/x")->manifest->version, "1.10.0");
    EXPECT_EQ(catalogue.find("acme/y:1.9.0"), nullptr);
    EXPECT_EQ(catalogue.find("no id"), nullptr);
}

TEST(InstalledPluginFolder, StandsBesideTheInstalledProgramAndNowhereForABuildFolder) {
    EXPECT_THAT(installed_plugin_folder("/opt/patchbay/bin/patchbay"),
                ::testing::MatchesRegex("/opt/patchbay/lib.*/patchbay/plugins-1"));
    EXPECT_EQ(installed_plugin_folder("/src/build/release/host/patchbay"), "");
}

}  // namespace
}  // namespace patchbay::plugins
