// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reads `cert_requests`, which stands in connection.yaml and in overrides of a host configuration.
#pragma once

#include "config/cert_request.hpp"
#include "config/problems.hpp"
#include "config/value.hpp"

#include <string>
#include <vector>

namespace patchbay::config {

/// Every well-formed entry of the list; `path` names the list in messages. Problems are appended.
[[nodiscard]] std::vector<CertRequest> read_cert_requests(const Value& value,
                                                          const std::string& path,
                                                          Problems& problems);

}  // namespace patchbay::config
