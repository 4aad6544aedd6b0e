// SPDX-License-Identifier: Apache-2.0
#include "plugins/library_note.hpp"

#include "plugins/note_section.hpp"

#include <gtest/gtest.h>

#include <string>

namespace patchbay::plugins {
namespace {

TEST(LibraryNote, ReadsWhatTheMacroWrites) {
    const auto note = parse_library_note(
        R"({"abi":"1.0","public_id":"a/b:0.1.0","classes":["One","Two"]})", "x.so");
    ASSERT_TRUE(note);
    EXPECT_EQ(*note, (LibraryNote{"1.0", "a/b:0.1.0", {"One", "Two"}}));
}

TEST(LibraryNote, PassesOverFieldsOfLaterVersions) {
    EXPECT_TRUE(parse_library_note(
        R"({"abi":"1.7","public_id":"a/b:0.1.0","classes":["One"],"later":[1]})", "x.so"));
}

TEST(LibraryNote, RefusesEverythingElseAndNamesTheFile) {
    const std::string deep(60'000, '[');
    for (const std::string& text :
         {std::string(), std::string("[]"), std::string("{"), deep,
          std::string(R"({"abi":1,"public_id":"a/b:0.1.0","classes":["One"]})"),
          std::string(R"({"abi":"1.0","classes":["One"]})"),
          std::string(R"({"abi":"1.0","public_id":"a/b:0.1.0","classes":[]})"),
          std::string(R"({"abi":"1.0","public_id":"a/b:0.1.0","classes":[3]})"),
          std::string(70'000, ' ')}) {
        const auto note = parse_library_note(text, "x.so");
        ASSERT_FALSE(note) << text.substr(0, 80);
        EXPECT_EQ(note.error().code, "plugin.note_malformed");
        EXPECT_EQ(note.error().location.file, "x.so");
    }
}

TEST(NoteSection, CollectsOnlyTheOwnersNotesAndChecksSizes) {
    std::string section;
    const auto number = [&](std::uint32_t value) {
        for (int i = 0; i < 4; ++i) {
            section += static_cast<char>(value >> (8 * i));
        }
    };
    const auto note = [&](const std::string& owner, const std::string& text) {
        number(static_cast<std::uint32_t>(owner.size() + 1));
        number(static_cast<std::uint32_t>(text.size()));
        number(1);
        section += owner + '\0';
        section.resize((section.size() + 3) / 4 * 4);
        section += text;
        section.resize((section.size() + 3) / 4 * 4);
    };
    note("GNU", "12345");
    note("Patchbay", "{}");
    note("Patchbay", "{ }");
    const auto bytes = [&] { return std::as_bytes(std::span(section)); };
    std::vector<Note> notes;
    EXPECT_TRUE(collect_notes(bytes(), "Patchbay", 2, notes));
    ASSERT_EQ(notes.size(), 2U);
    EXPECT_EQ(notes[1].descriptor, "{ }");
    notes.clear();
    EXPECT_FALSE(collect_notes(bytes(), "Patchbay", 1, notes));
    number(9);
    number(0xffffffff);
    number(1);
    EXPECT_FALSE(collect_notes(bytes(), "GNU", 8, notes));
}

}  // namespace
}  // namespace patchbay::plugins
