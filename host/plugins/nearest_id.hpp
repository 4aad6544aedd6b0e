// SPDX-License-Identifier: Apache-2.0
/// \file
/// The public id that was probably meant, for messages. Author and name are judged apart, because
/// all ids of one author and version look alike as plain text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

/// "; did you mean `author/name:version`?", or nothing. The first of the nearest wins.
[[nodiscard]] std::string did_you_mean_id(std::string_view wanted,
                                          const std::vector<std::string>& known);

}  // namespace patchbay::plugins
