// SPDX-License-Identifier: Apache-2.0
/// \file
/// From the text of a parameter to the values that it may stand for (the table of styles in the
/// OpenAPI specification, RFC 6570). A delimiter may be percent-encoded when no bare one is there.
#pragma once

#include "openapi/name_value_pairs.hpp"
#include "openapi/parameter.hpp"

#include <patchbay/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace patchbay::openapi {

/// A parameter of the path or the header: one text, as it stands in the request.
/// The error's message is a fragment: "is not properly encoded".
[[nodiscard]] Result<std::vector<nlohmann::json>> values_of_text(const Parameter& parameter,
                                                                 std::string_view text);

/// A parameter of the query, a cookie or a form: whichever of `pairs` belong to it. Nothing when
/// none does. `is_claimed` tells the names that are other parameters'.
[[nodiscard]] Result<std::optional<std::vector<nlohmann::json>>> values_of_pairs(
    const Parameter& parameter, std::span<const NameValuePair> pairs,
    const std::function<bool(std::string_view)>& is_claimed);

/// True when the parameter is an object whose properties stand in the query by their own names.
[[nodiscard]] bool is_spread_out(const Parameter& parameter);

}  // namespace patchbay::openapi
