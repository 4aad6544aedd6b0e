// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the compilers of the parts of a specification share.
#pragma once

#include "openapi/problems.hpp"
#include "openapi/reference.hpp"
#include "openapi/schema_translator.hpp"

namespace patchbay::openapi {

struct CompileContext {
    Dialect dialect;
    References& references;
    SchemaTranslator& schemas;
    Problems& problems;
};

}  // namespace patchbay::openapi
