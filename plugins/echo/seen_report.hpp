// SPDX-License-Identifier: Apache-2.0
/// \file
/// What echo tells about a request that it received, for those who want to see what reaches a
/// connection.
#pragma once

#include <patchbay/protocols/http.hpp>

#include <string>

namespace patchbay::echo {

/// A JSON object with the keys `method`, `url`, `version`, `headers` (pairs of name and value, in
/// their order), `body_length` and `body_sha256` (lower-case hex). Throws std::runtime_error when
/// OpenSSL has no SHA-256.
[[nodiscard]] std::string seen_report(const protocols::HttpRequestView& request);

}  // namespace patchbay::echo
