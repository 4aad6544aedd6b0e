// SPDX-License-Identifier: Apache-2.0
/// \file
/// Completion scripts, generated from the tree of verbs so that they never lag behind it.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}  // namespace CLI

namespace patchbay::app {

/// Script for `shell`: bash, zsh or fish. Verbs, options and the fixed words that some options take
/// are completed; everything else as file names.
[[nodiscard]] std::string completion_script(const CLI::App& root, std::string_view shell);

}  // namespace patchbay::app
