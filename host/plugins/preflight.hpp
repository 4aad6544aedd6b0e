// SPDX-License-Identifier: Apache-2.0
/// \file
/// What can be told of a plugin's library before it is loaded: that it is a complete library for
/// this machine, offers the entry, agrees with its connection.yaml and can be unloaded again.
/// Discovery checks the file in the plugin's folder with it; whoever loads a private copy can check
/// the very bytes again.
#pragma once

#include "config/connection_manifest.hpp"
#include "plugins/library_file.hpp"
#include "plugins/library_note.hpp"

#include <patchbay/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::plugins {

/// Packed versions (PATCHBAY_ABI_VERSION) that a host speaks.
struct AbiRange {
    std::uint32_t minimum;
    std::uint32_t maximum;
};

/// What this host speaks.
[[nodiscard]] AbiRange supported_abi();

struct Preflight {
    std::optional<LibraryFile> library;
    std::optional<LibraryNote> note;
    std::vector<Error> errors;
    std::vector<Error> warnings;
};

/// Error codes: those of `read_library`, `plugin.wrong_machine`, `plugin.no_entry`,
/// `plugin.no_note`, `plugin.note_malformed`, `plugin.note_disagrees`, `plugin.abi_unsupported`,
/// `plugin.class_unknown`. Warnings: `plugin.extra_exports`, `plugin.unique_symbols`,
/// `plugin.not_unloadable`, `plugin.text_relocations`.
[[nodiscard]] Preflight preflight(const std::string& library_path,
                                  const config::ConnectionManifest& manifest,
                                  const AbiRange& host = supported_abi());

}  // namespace patchbay::plugins
