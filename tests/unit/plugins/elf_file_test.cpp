// SPDX-License-Identifier: Apache-2.0
#include "plugins/elf_file.hpp"

#include "mutations.hpp"
#include "plugins/library_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

namespace patchbay::plugins {
namespace {

using test::Bytes;
using test::bytes_of;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string elf_code_of(const Bytes& bytes) {
    const auto elf = read_elf(MemorySource(bytes), "x.so");
    return elf ? "" : elf.error().code;
}

TEST(ElfFile, TellsMachineNoteAndTheOnlyExportOfAGoodLibrary) {
    const auto library = read_library(LIBRARY_GOOD);
    ASSERT_TRUE(library) << to_string(library.error());
    EXPECT_TRUE(library->native);
    EXPECT_THAT(library->exports, ElementsAre("patchbay_plugin_entry"));
    EXPECT_THAT(library->unique_symbols, IsEmpty());
    EXPECT_FALSE(library->no_delete);
    ASSERT_TRUE(library->note_json);
    EXPECT_EQ(*library->note_json, R"({"abi":"1.0","public_id":"acme/good:1.2.3",)"
                                   R"("classes":["GoodConnection","OtherConnection"]})");
}

TEST(ElfFile, TellsUniqueSymbolsExtraExportsAndNoDelete) {
    const auto library = read_library(LIBRARY_LEAKY);
    ASSERT_TRUE(library) << to_string(library.error());
    EXPECT_GT(library->exports.size(), 2U);
    EXPECT_THAT(library->exports, Contains("_Z8leak_onev"));
    EXPECT_TRUE(library->no_delete);
    EXPECT_FALSE(library->note_json);
    EXPECT_TRUE(library->imports_symbol("atoi") || library->imports_symbol("strtol"));
    EXPECT_FALSE(library->imports_symbol("no_such_function"));
    EXPECT_THAT(library->needed, Contains(HasSubstr("libc.so")));
#if defined(__GNUC__) && !defined(__clang__)
    EXPECT_THAT(library->unique_symbols, Contains(HasSubstr("Counter")));
#endif
}

TEST(ElfFile, RefusesWhatIsNoLibraryWithItsKind) {
    EXPECT_EQ(elf_code_of({}), "elf.not_elf");
    EXPECT_EQ(elf_code_of(Bytes(3, std::byte{0x7f})), "elf.not_elf");
    Bytes bytes = bytes_of(LIBRARY_GOOD);
    EXPECT_EQ(elf_code_of(bytes), "");
    Bytes other = bytes;
    other[4] = std::byte{1};
    EXPECT_EQ(elf_code_of(other), "elf.unsupported");  // 32-bit
    other = bytes;
    other[5] = std::byte{2};
    EXPECT_EQ(elf_code_of(other), "elf.unsupported");  // big-endian
    other = bytes;
    other[16] = std::byte{2};
    EXPECT_EQ(elf_code_of(other), "elf.unsupported");  // a program
}

TEST(ElfFile, TellsEveryTruncationFromACompleteLibrary) {
    const Bytes bytes = bytes_of(LIBRARY_GOOD);
    for (std::size_t size = 4; size < bytes.size(); size += 97) {
        const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_EQ(elf_code_of(part), "elf.incomplete") << size;
    }
}

TEST(ElfFile, SurvivesDamagedFiles) {
    std::size_t refused = 0;
    for (const char* path : {LIBRARY_GOOD, LIBRARY_LEAKY}) {
        test::for_each_mutation(bytes_of(path), 4'000, [&](const Bytes& bytes) {
            const auto elf = read_elf(MemorySource(bytes), "x.so");
            if (!elf) {
                ++refused;
                EXPECT_THAT(elf.error().code, HasSubstr("elf."));
            }
        });
    }
    EXPECT_GT(refused, 100U);
}

TEST(ElfFile, AsksForNoMemoryBeyondItsBounds) {
    // A table of sizes that all claim to be huge, in a file that is not.
    Bytes bytes = bytes_of(LIBRARY_GOOD);
    const std::uint64_t table = FieldReader(bytes).u64(40);
    for (std::uint64_t at = table + 32; at + 8 <= bytes.size(); at += 64) {
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 8, std::byte{0x7f});
    }
    EXPECT_EQ(elf_code_of(bytes), "elf.incomplete");
}

TEST(LibraryFile, SaysWhatIsWrongWithTheFile) {
    const auto folder = std::filesystem::temp_directory_path() / "patchbay-library-file-test";
    std::filesystem::create_directories(folder);
    const std::string path = folder / "empty.so";
    std::ofstream(path).close();
    EXPECT_EQ(read_library(path).error().code, "plugin.not_a_library");
    EXPECT_THAT(read_library(path).error().message, HasSubstr("empty"));
    EXPECT_EQ(read_library(folder / "missing.so").error().code, "file.read");
    EXPECT_EQ(read_library(folder).error().code, "file.read");
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace patchbay::plugins
