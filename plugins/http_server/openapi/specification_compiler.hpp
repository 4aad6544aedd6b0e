// SPDX-License-Identifier: Apache-2.0
/// \file
/// From the tree of a specification file to what requests are checked against. Reads what requests
/// have to do with; of the rest (responses, security, callbacks, webhooks) only the references.
#pragma once

#include "openapi/node.hpp"
#include "openapi/operation.hpp"
#include "openapi/problems.hpp"

#include <memory>

namespace patchbay::openapi {

/// Null when there are problems, those that were there before included.
[[nodiscard]] std::unique_ptr<const CompiledSpecification> compile_specification(
    const Node& root, const LoadOptions& options, Problems& problems);

}  // namespace patchbay::openapi
