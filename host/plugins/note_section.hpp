// SPDX-License-Identifier: Apache-2.0
/// \file
/// Notes as ELF lays them out: owner, type, descriptor, padded to four bytes. The metadata section
/// of a Windows library has the same layout (abi.h, section 11).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace patchbay::plugins {

struct Note {
    /// Without its terminating NUL.
    std::string owner;
    std::uint32_t type = 0;
    std::string descriptor;
};

/// Appends the notes of `owner` in `section` to `notes`; false when the section is not readable, or
/// has more than `limit` such notes.
[[nodiscard]] bool collect_notes(std::span<const std::byte> section, const std::string& owner,
                                 std::size_t limit, std::vector<Note>& notes);

}  // namespace patchbay::plugins
