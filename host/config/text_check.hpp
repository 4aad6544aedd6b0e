// SPDX-License-Identifier: Apache-2.0
/// \file
/// What can be wrong with the text of a YAML file before anybody parses it: encoding, control
/// characters, tabs as indentation (which parsers accept or refuse depending on the place).
#pragma once

#include "config/problems.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::config {

/// Problems with their places; at most one per line and twenty in all.
[[nodiscard]] Problems check_text(std::string_view text, const std::string& file);

/// Turns a byte offset within a line into a column: characters, counted from 1.
[[nodiscard]] std::uint32_t column_of(std::string_view line, std::size_t byte_offset);

}  // namespace patchbay::config
