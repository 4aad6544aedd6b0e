// SPDX-License-Identifier: Apache-2.0
/// \file
/// A request as the specification sees it, and what the specification says to it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace patchbay::openapi {

struct Header {
    std::string_view name;
    std::string_view value;
};

/// Views into the server's buffers; they must live until `check` returns.
struct Request {
    /// As on the wire, in any case.
    std::string_view method;
    /// `http` or `https`, and the value of `Host`. Only looked at with `LoadOptions::check_host`.
    std::string_view scheme;
    std::string_view host;
    /// Path and query, still percent-encoded: `/pets/3?verbose`.
    std::string_view target;
    /// All of them, duplicates too, as they came.
    std::span<const Header> headers;
    std::string_view body;
};

/// The first thing that is wrong with a request. What comes first in this list is looked at first.
enum class Violation : std::uint8_t {
    none,
    no_path,         ///< no path of the specification is that of the request
    server,          ///< one is, but not under this base path or host
    no_method,       ///< the path is there, but not for this method
    parameter,       ///< a parameter is missing, malformed or against its schema
    media_type,      ///< the body is of a type that the operation does not take
    body_missing,    ///< the operation requires a body
    body_malformed,  ///< the body is not what its media type says
    body_invalid,    ///< the body is against its schema
};

struct Verdict {
    Violation violation = Violation::none;
    /// 200, or the status that says it best: 404, 405, 400, 415 or 422. (Upstream says 404 to all.)
    int precise_status = 200;
    /// What is wrong, for people, as a complete sentence. Holds names of the specification and
    /// short pieces of the request, nothing internal.
    std::string detail{};
    /// For `no_method`: the value of the answer's `Allow` header.
    std::string allow{};

    [[nodiscard]] bool is_valid() const { return violation == Violation::none; }
};

/// The precise status for a violation.
[[nodiscard]] int status_of(Violation violation);

}  // namespace patchbay::openapi
