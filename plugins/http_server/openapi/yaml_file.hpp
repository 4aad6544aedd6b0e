// SPDX-License-Identifier: Apache-2.0
/// \file
/// Strict YAML: a file in, a tree with places out. JSON is read as the YAML that it is. Codes of
/// problems: `openapi.file`, `openapi.yaml`, `openapi.duplicate_key`.
#pragma once

#include "openapi/limits.hpp"
#include "openapi/node.hpp"
#include "openapi/problems.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::openapi {

/// The bytes of a file; `openapi.file` when it cannot be read or is larger than the limit.
[[nodiscard]] Result<std::string> read_file(const std::string& path, const Limits& limits);

/// The only document of the text. Problems are added; the tree is there all the same unless the
/// grammar was violated or a bound passed, so that other problems can be found in the same pass.
[[nodiscard]] std::optional<Node> read_yaml(std::string_view text, const Limits& limits,
                                            Problems& problems);

}  // namespace patchbay::openapi
