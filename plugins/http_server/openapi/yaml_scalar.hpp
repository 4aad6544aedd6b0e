// SPDX-License-Identifier: Apache-2.0
/// \file
/// What an unquoted scalar of a YAML file means, by the core schema of YAML 1.2: `yes` and
/// `2020-01-01` are text.
#pragma once

#include "openapi/node.hpp"

#include <optional>
#include <string_view>

namespace patchbay::openapi {

/// The value that JSON would have for it; integers beyond 64 bits become floating numbers. Nothing
/// for numbers that JSON does not have (`.inf`, `.nan`, 1e999).
[[nodiscard]] std::optional<Node::Data> resolve_plain_scalar(std::string_view text);

}  // namespace patchbay::openapi
