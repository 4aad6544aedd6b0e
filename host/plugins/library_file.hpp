// SPDX-License-Identifier: Apache-2.0
/// \file
/// A plugin's shared library as the checks before loading see it, whatever its format. Nothing of
/// it is executed or mapped.
#pragma once

#include "plugins/library_note.hpp"

#include <patchbay/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

enum class LibraryFormat : std::uint8_t { elf, pe };

struct LibraryFile {
    LibraryFormat format = LibraryFormat::elf;
    /// "x86-64", ...
    std::string machine;
    /// Built for the machine that this host runs on, in its format.
    bool native = false;
    /// Names that the library shows to others, sorted.
    std::vector<std::string> exports;
    /// Those among them with GNU's unique binding: each pins the library in the process.
    std::vector<std::string> unique_symbols;
    /// Names it wants from others, sorted (ELF only).
    std::vector<std::string> imports;
    /// Libraries it needs, in their order.
    std::vector<std::string> needed;
    std::string soname;
    bool no_delete = false;
    bool text_relocations = false;
    /// JSON text of the note; nothing when there is no note.
    std::optional<std::string> note_json;

    [[nodiscard]] bool imports_symbol(std::string_view name) const;
};

/// Reads an ELF or PE library. Codes: those of read_elf and read_pe, `file.read`,
/// `plugin.not_a_library`, `plugin.note_malformed` (several notes, or one of an unknown type).
[[nodiscard]] Result<LibraryFile> read_library(const std::string& path);

}  // namespace patchbay::plugins
