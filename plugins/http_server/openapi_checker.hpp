// SPDX-License-Identifier: Apache-2.0
/// \file
/// Requests are checked against an OpenAPI specification.
#pragma once

#include "options.hpp"
#include "request_checker.hpp"

#include <patchbay/result.hpp>

#include <memory>

namespace patchbay::http_server {

/// Reads and compiles `api_spec_path`. Fails with the errors of openapi/specification.hpp, which
/// name file and line. May block.
[[nodiscard]] Result<std::unique_ptr<RequestChecker>> load_openapi_checker(const Options& options);

}  // namespace patchbay::http_server
