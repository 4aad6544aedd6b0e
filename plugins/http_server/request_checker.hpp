// SPDX-License-Identifier: Apache-2.0
/// \file
/// Whether a request is one that the operator's specification describes.
#pragma once

#include "request_head.hpp"

#include <patchbay/result.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace patchbay::http_server {

/// What the client is told. `headers` are whole header lines.
struct CheckFailure {
    unsigned status = 404;
    std::string_view phrase;
    std::string headers;
    std::string detail;
};

/// Immutable once made; several lanes ask at once. [any-thread]
class RequestChecker {
  public:
    virtual ~RequestChecker() = default;
    /// True when the request may pass.
    [[nodiscard]] virtual bool check(std::string_view scheme, const RequestHead& head,
                                     std::string_view body, CheckFailure& failure) const = 0;
};

}  // namespace patchbay::http_server
