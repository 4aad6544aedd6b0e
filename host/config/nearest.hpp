// SPDX-License-Identifier: Apache-2.0
/// \file
/// Nearest spelling of a name, for error messages ("did you mean ...?").
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::config {

/// Insertions, deletions, replacements and swaps of neighbours that turn one into the other.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

/// The candidate nearest to `name`, upper and lower case and '-' and '_' being nearly equal; empty
/// when none is near enough to be what was meant. Ties go to the first candidate.
[[nodiscard]] std::string nearest(std::string_view name,
                                  const std::vector<std::string>& candidates);

/// "; did you mean `x`?", or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view name,
                                       const std::vector<std::string>& candidates);

}  // namespace patchbay::config
