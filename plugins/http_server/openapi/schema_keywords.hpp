// SPDX-License-Identifier: Apache-2.0
/// \file
/// Every keyword that a schema may have, and what becomes of it. A keyword that would constrain
/// something and is not supported is a problem: no constraint is ignored silently.
#pragma once

#include "openapi/node.hpp"
#include "openapi/problems.hpp"

#include <cstdint>

namespace patchbay::openapi {

/// The kind of JSON Schema that a version of OpenAPI speaks.
enum class Dialect : std::uint8_t {
    openapi_3_0,  ///< an extended subset of draft 5
    openapi_3_1,  ///< draft 2020-12 and a few keywords of OpenAPI's
};

/// Notes the keywords of one schema (a map) that are unknown or not supported: `openapi.keyword`,
/// `openapi.unsupported`.
void check_keywords(const Node& schema, Dialect dialect, Problems& problems);

}  // namespace patchbay::openapi
