// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reads `requestBody`. Schemas of bodies that are not read (all but JSON, forms and text) are not
/// looked at. Codes: `openapi.body`, `openapi.structure`, `openapi.unsupported`, and those of
/// schemas.
#pragma once

#include "openapi/compile_context.hpp"
#include "openapi/operation.hpp"

#include <optional>

namespace patchbay::openapi {

/// `node` is the value of `requestBody` or a reference to one.
[[nodiscard]] std::optional<RequestBody> compile_body(const Node& node,
                                                      const CompileContext& context);

}  // namespace patchbay::openapi
