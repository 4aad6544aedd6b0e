// SPDX-License-Identifier: Apache-2.0
/// \file
/// What OpenAPI validation promises for any bytes whatever: it comes to an end, reads no byte that
/// is not there, and its verdicts are consistent. Each function aborts when a promise is broken.
/// Run by the fuzzers here and by tests/unit/http_server with fixed inputs.
#pragma once

#include "openapi/specification.hpp"

#include <string_view>

namespace patchbay::fuzz {

/// `bytes` is a request: a line with method and target, a line for each header, an empty line, the
/// body.
void openapi_request(const openapi::Specification& specification, std::string_view bytes);

/// `bytes` is a specification file. One that loads must survive a few requests.
void openapi_specification(std::string_view bytes);

}  // namespace patchbay::fuzz
