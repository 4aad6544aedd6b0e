// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reads the `parameters` of paths and operations. Codes: `openapi.parameter`, `openapi.structure`,
/// `openapi.unsupported`, and those of schemas.
#pragma once

#include "openapi/compile_context.hpp"
#include "openapi/parameter.hpp"

#include <optional>
#include <vector>

namespace patchbay::openapi {

/// A parameter and where it was written.
struct PlacedParameter {
    Parameter parameter;
    Place place;
};

/// `list` is the value of `parameters`; null when there is none. Header parameters called `Accept`,
/// `Content-Type` and `Authorization` are left out, as the specification demands.
[[nodiscard]] std::vector<PlacedParameter> compile_parameters(const Node* list,
                                                              const CompileContext& context);

/// `common` with those of `own` in place of the ones with the same name and place, and the rest of
/// `own` behind.
[[nodiscard]] std::vector<PlacedParameter> overridden(std::vector<PlacedParameter> common,
                                                      const std::vector<PlacedParameter>& own);

/// The style of that name; nothing when there is none.
[[nodiscard]] std::optional<Style> style_named(std::string_view name);

/// A problem when the values of the parameter have more structure than its style can write.
void check_style(const Parameter& parameter, Place place, Problems& problems);

}  // namespace patchbay::openapi
