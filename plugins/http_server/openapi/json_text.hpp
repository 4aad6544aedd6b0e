// SPDX-License-Identifier: Apache-2.0
/// \file
/// JSON from outside: bounded in depth, and without names that occur twice in one object, since
/// readers disagree about which of them counts.
#pragma once

#include <patchbay/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string_view>

namespace patchbay::openapi {

/// The value of `text`, which must be UTF-8. `openapi.json` when it is not JSON, nests deeper than
/// `max_depth`, or repeats a name; the message is a fragment: "it is not JSON ...".
[[nodiscard]] Result<nlohmann::json> parse_json(std::string_view text, std::size_t max_depth);

}  // namespace patchbay::openapi
