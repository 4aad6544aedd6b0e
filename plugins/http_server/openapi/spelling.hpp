// SPDX-License-Identifier: Apache-2.0
/// \file
/// Nearest spelling of a name, for error messages.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace patchbay::openapi {

/// "; did you mean `x`?" for the candidate that is nearest to `name`, upper and lower case being
/// equal; nothing when none is near enough to be what was meant.
[[nodiscard]] std::string did_you_mean(std::string_view name,
                                       std::span<const std::string_view> candidates);

}  // namespace patchbay::openapi
