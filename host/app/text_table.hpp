// SPDX-License-Identifier: Apache-2.0
/// \file
/// Columns for people.
#pragma once

#include <string>
#include <vector>

namespace patchbay::app {

/// Rows as lines, each column as wide as its widest cell, two spaces between them; the last column
/// is not padded. `indent` spaces in front of each line.
[[nodiscard]] std::string text_table(const std::vector<std::vector<std::string>>& rows,
                                     std::size_t indent = 0);

}  // namespace patchbay::app
