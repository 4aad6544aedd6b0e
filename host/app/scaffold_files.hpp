// SPDX-License-Identifier: Apache-2.0
/// \file
/// The files of plugin-sdk/templates/connection, embedded at build time (embed_files.py).
#pragma once

#include <span>
#include <string_view>

namespace patchbay::app {

struct ScaffoldFile {
    /// File name in the new folder.
    std::string_view name;
    std::string_view text;
};

[[nodiscard]] std::span<const ScaffoldFile> connection_template();

}  // namespace patchbay::app
