// SPDX-License-Identifier: Apache-2.0
/// \file
/// The same for Windows libraries: machine, exports, imported libraries and the metadata section of
/// a PE32+ file, read without loading it and without trusting a size in it. Plain file reading, so
/// it is built and tested everywhere. Layout: Microsoft's "PE Format".
#pragma once

#include "plugins/byte_source.hpp"

#include <patchbay/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::plugins {

struct PeFile {
    /// IMAGE_FILE_MACHINE_* (0x8664 is x86-64, 0xaa64 ARM64).
    std::uint16_t machine = 0;
    std::vector<std::string> exports;
    /// Names of imported libraries.
    std::vector<std::string> needed;
    /// Content of section .pbnote, in the layout of an ELF note.
    std::optional<std::vector<std::byte>> note_section;
};

struct PeLimits {
    std::uint32_t exports = 65'536;
    std::uint32_t imports = 4'096;
    std::uint64_t note_bytes = 1U << 16U;
    std::size_t name_bytes = 4'096;
};

/// Codes: `pe.not_pe`, `pe.unsupported` (32-bit, not a DLL), `pe.incomplete`, `pe.malformed`.
[[nodiscard]] Result<PeFile> read_pe(const ByteSource& source, const std::string& file,
                                     const PeLimits& limits = {});

/// "x86-64", "ARM64", ... or the number.
[[nodiscard]] std::string pe_machine_name(std::uint16_t machine);

}  // namespace patchbay::plugins
