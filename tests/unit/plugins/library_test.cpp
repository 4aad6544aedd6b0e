// SPDX-License-Identifier: Apache-2.0
#include "plugins/library.hpp"

#include "plugins/library_file.hpp"
#include "temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace patchbay::plugins {
namespace {

using test::fixture;
using test::TemporaryFolder;

class LibraryTest : public testing::Test {
  protected:
    void SetUp() override {
        auto made = RunFolder::create(data_.path());
        ASSERT_TRUE(made) << to_string(made.error());
        runs_ = std::move(*made);
    }

    TemporaryFolder data_;
    std::unique_ptr<RunFolder> runs_;
};

std::uint32_t classes_of(const Library& library) {
    patchbay_entry_options options{};
    options.struct_size = sizeof(options);
    options.abi_minimum = PATCHBAY_ABI_VERSION;
    options.abi_maximum = PATCHBAY_ABI_VERSION;
    patchbay_plugin plugin{};
    plugin.struct_size = sizeof(plugin);
    EXPECT_EQ(library.entry()(&options, &plugin, nullptr), PATCHBAY_OK);
    return plugin.class_count;
}

TEST_F(LibraryTest, LoadsAPrivateCopyAndVerifiesThatItIsGone) {
    auto library = Library::load(*runs_, fixture("plain"), "plain");
    ASSERT_TRUE(library) << to_string(library.error());
    EXPECT_EQ(classes_of(*library), 1U);
    const auto copy = library->copy().file;
    EXPECT_TRUE(platform::is_mapped(copy));
    EXPECT_FALSE(platform::is_mapped(fixture("plain")));
    const Unloaded unloaded = library->unload();
    EXPECT_TRUE(unloaded.gone) << unloaded.cause;
    EXPECT_FALSE(platform::is_mapped(copy));
    EXPECT_FALSE(std::filesystem::exists(copy));
}

TEST_F(LibraryTest, AReplacedFileDoesNotTouchTheRunningCopy) {
    const auto file = data_.path() / "plain.so";
    std::filesystem::copy_file(fixture("plain"), file);
    auto library = Library::load(*runs_, file, "plain");
    ASSERT_TRUE(library);
    std::filesystem::resize_file(file, 0);
    EXPECT_EQ(classes_of(*library), 1U);
}

TEST_F(LibraryTest, TwoGenerationsOfOneFileAreTwoLibraries) {
    auto first = Library::load(*runs_, fixture("plain"), "plain");
    auto second = Library::load(*runs_, fixture("plain"), "plain");
    ASSERT_TRUE(first && second);
    EXPECT_NE(first->entry(), second->entry());
    EXPECT_EQ(first->copy().sha256, second->copy().sha256);
}

TEST_F(LibraryTest, LoadsAndUnloadsAnAsioPluginManyTimes) {
    for (int i = 0; i < 100; ++i) {
        auto library = Library::load(*runs_, fixture("asio"), "asio");
        ASSERT_TRUE(library) << to_string(library.error());
        ASSERT_EQ(classes_of(*library), 1U);
        const Unloaded unloaded = library->unload();
        ASSERT_TRUE(unloaded.gone) << unloaded.cause;
    }
}

// The table of the C library would grow with each generation that is loaded before the one before
// it is unloaded.
TEST_F(LibraryTest, APluginOfTheSdkDestroysItsStaticObjectsWithoutTheCLibrary) {
    const auto record = data_.path() / "record";
    ASSERT_EQ(::setenv("PATCHBAY_TEST_RECORD", record.c_str(), 1), 0);
    auto library = Library::load(*runs_, fixture("static_objects"), "static_objects");
    ASSERT_TRUE(library) << to_string(library.error());
    const auto file = read_library(library->copy().file.string());
    ASSERT_TRUE(file) << to_string(file.error());
    EXPECT_FALSE(file->imports_symbol("__cxa_atexit"));
    EXPECT_FALSE(std::filesystem::exists(record));
    const Unloaded unloaded = library->unload();
    EXPECT_TRUE(unloaded.gone) << unloaded.cause;
    ASSERT_EQ(::unsetenv("PATCHBAY_TEST_RECORD"), 0);
    std::ostringstream destroyed;
    destroyed << std::ifstream(record).rdbuf();
    EXPECT_EQ(destroyed.str(), "second\nmade at the end\nfirst\n");
}

TEST_F(LibraryTest, MissingSymbolsAreFoundAtLoadAndNamed) {
    auto library = Library::load(*runs_, fixture("undefined"), "undefined");
    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().code, "plugin.load_failed");
    EXPECT_NE(library.error().message.find("function_that_nobody_has"), std::string::npos)
        << library.error().message;
    EXPECT_TRUE(std::filesystem::is_empty(runs_->path()) ||
                !std::filesystem::exists(runs_->path() / "undefined.1"));
}

TEST_F(LibraryTest, ALibraryWithoutEntryIsNoPlugin) {
    auto library = Library::load(*runs_, fixture("no_entry"), "x");
    ASSERT_FALSE(library);
    EXPECT_EQ(library.error().code, "plugin.no_entry");
    EXPECT_NE(library.error().message.find("patchbay_plugin_entry"), std::string::npos);
}

// The sanitizers' own bookkeeping does not change any of this, and clang makes no unique symbols.
#if defined(__GNUC__) && !defined(__clang__)
TEST_F(LibraryTest, AUniqueSymbolPinsALibraryAndTheReportSaysSo) {
    auto library = Library::load(*runs_, fixture("unique"), "unique");
    ASSERT_TRUE(library) << to_string(library.error());
    const auto copy = library->copy().file;
    const Unloaded unloaded = library->unload();
    EXPECT_FALSE(unloaded.gone);
    EXPECT_NE(unloaded.cause.find("GNU unique symbols"), std::string::npos) << unloaded.cause;
    EXPECT_TRUE(std::filesystem::exists(copy)) << "the copy stays while it is mapped";
}
#endif

TEST_F(LibraryTest, AnAbandonedLibraryStays) {
    auto library = Library::load(*runs_, fixture("plain"), "plain");
    ASSERT_TRUE(library);
    const auto copy = library->copy().file;
    library->abandon();
    EXPECT_TRUE(platform::is_mapped(copy));
    EXPECT_TRUE(library->unload().gone) << "nothing is left to unload";
}

TEST_F(LibraryTest, KnowsWhetherThreadLocalsForbidForeignThreads) {
    auto plain = Library::load(*runs_, fixture("plain"), "plain");
    ASSERT_TRUE(plain);
    EXPECT_TRUE(plain->safe_on_foreign_threads());
    auto other = Library::load(*runs_, fixture("thread_local"), "thread_local");
    ASSERT_TRUE(other);
    EXPECT_FALSE(other->safe_on_foreign_threads());
}

}  // namespace
}  // namespace patchbay::plugins
