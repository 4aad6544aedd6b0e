// SPDX-License-Identifier: Apache-2.0
#include "plugins/preflight.hpp"

#include "config/manifest_reader.hpp"
#include "plugin_folders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace patchbay::plugins {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

config::ConnectionManifest manifest(const test::ManifestText& text = {}) {
    return config::parse_manifest(text.text(), "connection.yaml").value();
}

std::vector<std::string> preflight_codes(const std::vector<Error>& errors) {
    std::vector<std::string> result;
    std::transform(errors.begin(), errors.end(), std::back_inserter(result),
                   [](const Error& error) { return error.code; });
    return result;
}

TEST(Preflight, HasNothingAgainstAGoodPlugin) {
    const Preflight result = preflight(LIBRARY_GOOD, manifest());
    EXPECT_THAT(preflight_codes(result.errors), IsEmpty());
    EXPECT_THAT(preflight_codes(result.warnings), IsEmpty());
    ASSERT_TRUE(result.note);
    EXPECT_EQ(result.note->public_id, "acme/good:1.2.3");
}

TEST(Preflight, TellsAForgottenConnectionYaml) {
    const Preflight result = preflight(LIBRARY_GOOD, manifest({.version = "1.2.4"}));
    ASSERT_THAT(preflight_codes(result.errors), UnorderedElementsAre("plugin.note_disagrees"));
    EXPECT_THAT(result.errors[0].message, HasSubstr("describes acme/good:1.2.4"));
    EXPECT_THAT(result.errors[0].message, HasSubstr("says it is acme/good:1.2.3"));
    EXPECT_EQ(result.errors[0].location.file, "connection.yaml");
    EXPECT_EQ(result.errors[0].location.line, 3U);
}

TEST(Preflight, ListsTheClassesThereAre) {
    const Preflight result = preflight(LIBRARY_GOOD, manifest({.class_name = "GodConnection"}));
    ASSERT_THAT(preflight_codes(result.errors), UnorderedElementsAre("plugin.class_unknown"));
    EXPECT_THAT(result.errors[0].message, HasSubstr("offers GoodConnection, OtherConnection"));
    EXPECT_THAT(result.errors[0].message, HasSubstr("did you mean `GoodConnection`"));
    EXPECT_GT(result.errors[0].location.line, 0U);
}

TEST(Preflight, RefusesAnAbiOfAnotherMajorVersionAndSaysWhichSideToUpdate) {
    const Preflight old_plugin = preflight(LIBRARY_GOOD, manifest(), {2U << 16U, (2U << 16U) + 3});
    ASSERT_THAT(preflight_codes(old_plugin.errors), UnorderedElementsAre("plugin.abi_unsupported"));
    EXPECT_THAT(old_plugin.errors[0].message, HasSubstr("ABI 1.0, this host 2.0 to 2.3; rebuild"));
    const Preflight old_host = preflight(LIBRARY_GOOD, manifest(), {0U, 9U});
    ASSERT_THAT(preflight_codes(old_host.errors), UnorderedElementsAre("plugin.abi_unsupported"));
    EXPECT_THAT(old_host.errors[0].message, HasSubstr("update the host"));
}

TEST(Preflight, WarnsOfWhatKeepsALibraryFromBeingUnloadedAndNamesTheRemedy) {
    const Preflight result = preflight(LIBRARY_LEAKY, manifest());
    ASSERT_THAT(preflight_codes(result.errors), UnorderedElementsAre("plugin.no_note"));
    EXPECT_THAT(result.errors[0].message,
                HasSubstr(R"(PATCHBAY_PLUGIN_NOTE("acme/good:1.2.3", "\"GoodConnection\""))"));
    const auto warnings = preflight_codes(result.warnings);
    EXPECT_THAT(warnings, ::testing::Contains("plugin.extra_exports"));
    EXPECT_THAT(warnings, ::testing::Contains("plugin.not_unloadable"));
#if defined(__GNUC__) && !defined(__clang__)
    const auto unique = std::find(warnings.begin(), warnings.end(), "plugin.unique_symbols");
    ASSERT_NE(unique, warnings.end());
    const auto& text = result.warnings[static_cast<std::size_t>(unique - warnings.begin())].message;
    EXPECT_THAT(text, HasSubstr("Counter"));
    EXPECT_THAT(text, HasSubstr("version script"));
#endif
}

TEST(Preflight, RefusesALibraryOfAnotherMachineAndOneWithoutEntry) {
    const test::TemporaryFolder folder;
    const std::string path = folder.path() / "other.so";
    std::filesystem::copy_file(LIBRARY_GOOD, path);
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(18);
        file.put('\x28');
    }
    EXPECT_THAT(preflight_codes(preflight(path, manifest()).errors),
                UnorderedElementsAre("plugin.wrong_machine"));
    const std::string libc = "/lib/x86_64-linux-gnu/libdl.so.2";
    if (std::filesystem::exists(libc)) {
        EXPECT_THAT(preflight_codes(preflight(libc, manifest()).errors),
                    UnorderedElementsAre("plugin.no_entry", "plugin.no_note"));
    }
}

}  // namespace
}  // namespace patchbay::plugins
