// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reads `servers`. Variables of a URL stand for each value of their `enum`, or else for their
/// default. Codes: `openapi.server`.
#pragma once

#include "openapi/node.hpp"
#include "openapi/problems.hpp"
#include "openapi/server.hpp"

namespace patchbay::openapi {

/// `list` is the value of `servers`.
[[nodiscard]] Servers compile_servers(const Node& list, Problems& problems);

}  // namespace patchbay::openapi
