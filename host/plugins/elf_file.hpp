// SPDX-License-Identifier: Apache-2.0
/// \file
/// What an ELF shared library says of itself, read from the file without loading it: machine,
/// notes, dynamic symbols with their binding, needed libraries. A reader of our own, because
/// Boost.DLL's trusts the sizes in the file and does not tell the binding of a symbol
/// (STB_GNU_UNIQUE pins a library in the process). 64-bit little-endian files, the ones we can
/// load; others are refused with their kind. Layout: System V ABI, gABI 4.1, and its GNU additions.
#pragma once

#include "plugins/byte_source.hpp"
#include "plugins/note_section.hpp"

#include <patchbay/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace patchbay::plugins {

enum class ElfBinding : std::uint8_t { local, global, weak, unique, other };

/// An entry of the dynamic symbol table; local ones are left out.
struct ElfSymbol {
    std::string name;
    ElfBinding binding = ElfBinding::global;
    /// Defined here (an export, unless hidden) rather than wanted from elsewhere.
    bool defined = false;
    /// Visibility hidden or internal.
    bool hidden = false;
};

struct ElfFile {
    /// e_machine (62 is x86-64, 183 AArch64).
    std::uint16_t machine = 0;
    /// Those of `ElfLimits::note_owner`.
    std::vector<Note> notes;
    std::vector<ElfSymbol> symbols;
    /// DT_NEEDED, in their order.
    std::vector<std::string> needed;
    std::string soname;
    /// DF_1_NODELETE: unloading has no effect.
    bool no_delete = false;
    /// Text relocations: refused by hardened systems.
    bool text_relocations = false;
};

/// Bounds; a real plugin stays far below.
struct ElfLimits {
    std::uint32_t sections = 65'536;
    std::uint64_t table_bytes = 64U << 20U;
    /// Notes of others (build ids, probes) are passed over.
    std::string note_owner = "Patchbay";
    std::uint32_t notes = 16;
    std::uint32_t needed = 4'096;
};

/// Reads and checks the file: all sections and segments must lie inside it, which tells a library
/// that is still being copied from a complete one. Codes: `elf.not_elf`, `elf.unsupported` (32-bit,
/// big-endian, not a shared library), `elf.incomplete` (ends too early), `elf.malformed`.
[[nodiscard]] Result<ElfFile> read_elf(const ByteSource& source, const std::string& file,
                                       const ElfLimits& limits = {});

/// e_machine of the running host.
[[nodiscard]] std::uint16_t native_elf_machine();

/// "x86-64", "AArch64", ... or the number.
[[nodiscard]] std::string elf_machine_name(std::uint16_t machine);

}  // namespace patchbay::plugins
