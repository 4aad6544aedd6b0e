// SPDX-License-Identifier: Apache-2.0
/// \file
/// The metadata note that a plugin's library carries (abi.h, section 11). It is read from the file,
/// never by loading it, and binds the library to its connection.yaml: "dropped in the new library,
/// forgot the yaml" is an error before any code of the plugin runs.
#pragma once

#include <patchbay/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

struct LibraryNote {
    /// ABI version the library was compiled for, "major.minor".
    std::string abi;
    /// `author/name:version`.
    std::string public_id;
    std::vector<std::string> classes;

    friend bool operator==(const LibraryNote&, const LibraryNote&) = default;
};

/// Reads the note's JSON. `file` is the library, for messages. Code: `plugin.note_malformed`.
[[nodiscard]] Result<LibraryNote> parse_library_note(std::string_view json,
                                                     const std::string& file);

}  // namespace patchbay::plugins
