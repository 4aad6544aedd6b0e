// SPDX-License-Identifier: Apache-2.0
#include "plugins/pe_file.hpp"

#include "mutations.hpp"
#include "plugins/library_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace patchbay::plugins {
namespace {

using test::Bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Writes a PE32+ DLL with two sections (.rdata with both directories, .pbnote) byte by byte.
class PeWriter {
  public:
    static constexpr std::uint32_t headers = 0x200;
    static constexpr std::uint32_t address = 0x1000;

    PeWriter() : bytes_(0x600) {
        text(0, "MZ");
        u32(60, 0x40);
        text(0x40, "PE");
        u16(0x44, 0x8664);
        u16(0x46, 2);       // sections
        u16(0x54, 0xf0);    // optional header
        u16(0x56, 0x2022);  // DLL
        constexpr std::size_t optional = 0x58;
        u16(optional, 0x20b);
        u32(optional + 108, 16);
        u32(optional + 112, address);  // exports
        u32(optional + 116, 0x80);
        u32(optional + 120, address + 0x80);  // imports
        u32(optional + 124, 40);
        section(optional + 0xf0, ".rdata", address, headers, 0x200);
        section(optional + 0xf0 + 40, ".pbnote", address * 2, headers + 0x200, 0x200);

        u32(headers + 24, 1);  // names
        u32(headers + 32, address + 40);
        u32(headers + 40, address + 44);
        text(headers + 44, "patchbay_plugin_entry");
        u32(headers + 0x80 + 12, address + 0xc0);
        text(headers + 0xc0, "KERNEL32.dll");

        const std::string json = R"({"abi":"1.0","public_id":"a/b:0.1.0","classes":["C"]})";
        u32(headers + 0x200, 9);
        u32(headers + 0x204, static_cast<std::uint32_t>(json.size() + 1));
        u32(headers + 0x208, 1);
        text(headers + 0x20c, "Patchbay");
        text(headers + 0x218, json);
    }

    void u16(std::size_t at, std::uint32_t value) {
        bytes_[at] = static_cast<std::byte>(value);
        bytes_[at + 1] = static_cast<std::byte>(value >> 8U);
    }
    void u32(std::size_t at, std::uint32_t value) {
        u16(at, value);
        u16(at + 2, value >> 16U);
    }
    void text(std::size_t at, std::string_view value) {
        for (const char c : value) {
            bytes_[at++] = static_cast<std::byte>(c);
        }
    }
    [[nodiscard]] const Bytes& bytes() const { return bytes_; }

  private:
    void section(std::size_t at, std::string_view name, std::uint32_t where, std::uint32_t offset,
                 std::uint32_t size) {
        text(at, name);
        u32(at + 8, size);
        u32(at + 12, where);
        u32(at + 16, size);
        u32(at + 20, offset);
    }
    Bytes bytes_;
};

std::string pe_code_of(const Bytes& bytes) {
    const auto pe = read_pe(MemorySource(bytes), "x.dll");
    return pe ? "" : pe.error().code;
}

TEST(PeFile, TellsMachineExportsImportsAndNote) {
    const PeWriter writer;
    const std::string path = std::filesystem::temp_directory_path() / "patchbay-pe-test.dll";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(writer.bytes().data()),
               static_cast<std::streamsize>(writer.bytes().size()));
    const auto library = read_library(path);
    std::filesystem::remove(path);
    ASSERT_TRUE(library) << to_string(library.error());
    EXPECT_EQ(library->format, LibraryFormat::pe);
    EXPECT_EQ(library->machine, "x86-64");
    EXPECT_THAT(library->exports, ElementsAre("patchbay_plugin_entry"));
    EXPECT_THAT(library->needed, ElementsAre("KERNEL32.dll"));
    EXPECT_EQ(library->note_json, R"({"abi":"1.0","public_id":"a/b:0.1.0","classes":["C"]})");
}

TEST(PeFile, RefusesOtherKindsAndUnfinishedCopies) {
    EXPECT_EQ(pe_code_of({}), "pe.not_pe");
    PeWriter program;
    program.u16(0x56, 0x0022);
    EXPECT_EQ(pe_code_of(program.bytes()), "pe.unsupported");
    PeWriter narrow;
    narrow.u16(0x58, 0x10b);
    EXPECT_EQ(pe_code_of(narrow.bytes()), "pe.unsupported");
    Bytes part = PeWriter().bytes();
    part.resize(part.size() - 1);
    EXPECT_EQ(pe_code_of(part), "pe.incomplete");
    PeWriter many;
    many.u32(PeWriter::headers + 24, 0xffffffff);
    EXPECT_EQ(pe_code_of(many.bytes()), "pe.malformed");
}

TEST(PeFile, SurvivesDamagedFiles) {
    std::size_t refused = 0;
    test::for_each_mutation(PeWriter().bytes(), 8'000, [&](const Bytes& bytes) {
        const auto pe = read_pe(MemorySource(bytes), "x.dll");
        if (!pe) {
            ++refused;
            EXPECT_THAT(pe.error().code, HasSubstr("pe."));
        }
    });
    EXPECT_GT(refused, 100U);
}

}  // namespace
}  // namespace patchbay::plugins
