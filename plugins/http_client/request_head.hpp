// SPDX-License-Identifier: Apache-2.0
/// \file
/// A request as it goes on the wire. Whatever text the message has, it stays one request: method,
/// URL and headers cannot smuggle in a line. What belongs to the connection and not to the request
/// is decided here and not by the message: Host, Content-Length, Transfer-Encoding, Connection and
/// what it names, Keep-Alive, TE, Trailer, Upgrade, Expect, Proxy-*; such headers are left out.
///
/// Codes (class invalid): `request.method`, `request.header`.
#pragma once

#include "url.hpp"

#include <patchbay/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace patchbay::http_client {

/// One hop's request; the views point into the message, or into what a redirect made of it.
struct Request {
    /// Upper-cased when written, as upstream does.
    std::string_view method;
    /// The message's headers as text.
    std::string_view headers;
    std::string_view body;
    /// After a redirect that turned the request into a GET: headers that describe a body are left
    /// out.
    bool has_lost_body = false;
    /// After a redirect to another origin: Authorization and Cookie are left out.
    bool has_left_origin = false;
};

/// Where it goes.
struct Destination {
    /// Path and query.
    std::string_view target;
    /// Value of Host.
    std::string_view host;
    /// `http://host` before the target when the request is for a proxy, else empty.
    std::string_view absolute{};
    /// Value of Authorization when the headers have none; empty: none. From the URL's userinfo.
    std::string_view authorization{};
    /// Value of Proxy-Authorization; empty: none.
    std::string_view proxy_authorization{};
};

/// What is added where the message says nothing.
struct RequestDefaults {
    std::string_view user_agent;
    bool accept_encoding = true;
};

/// Appends status line and headers, up to and with the empty line. On failure `output` is as it
/// was.
[[nodiscard]] Result<void> append_request_head(std::string& output, const Request& request,
                                               const Destination& destination,
                                               const RequestDefaults& defaults);

/// The request that opens a tunnel through a proxy.
void append_connect_head(std::string& output, std::string_view authority,
                         std::string_view user_agent, std::string_view proxy_authorization);

/// Whether the request may be sent twice (RFC 9110, section 9.2.2).
[[nodiscard]] bool is_idempotent(std::string_view method) noexcept;
[[nodiscard]] bool is_head(std::string_view method) noexcept;

}  // namespace patchbay::http_client
