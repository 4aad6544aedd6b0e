// SPDX-License-Identifier: Apache-2.0
/// \file
/// URLs of requests, by RFC 3986, in place: a request whose origin is known already costs no
/// allocation. Written here because Boost.URL 1.81 takes `http://a@b@c/` and `http://h:80a/` for
/// URLs and resolves `../` beyond the root wrongly, which is not good enough for what decides where
/// credentials go.
///
/// Strict where it matters who is talked to (scheme, user, host, port), lenient in path and query,
/// where upstream is: what may not stand there is percent-encoded when it is written.
///
/// Codes (class invalid): `url.control_character`, `url.scheme`, `url.userinfo`, `url.host`,
/// `url.port`.
#pragma once

#include <patchbay/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::http_client {

/// Parts of a URL; the views point into its text.
struct Url {
    bool is_tls = false;
    /// `name[:password]`, still percent-encoded; empty when absent.
    std::string_view userinfo;
    /// A name, an IPv4 address, or an IPv6 address without its brackets. Not lower-cased.
    std::string_view host;
    bool is_ipv6 = false;
    std::uint16_t port = 0;
    /// Scheme and authority, "http://user@host:80".
    std::string_view prefix;
    /// What follows, without the fragment: path and query, maybe empty.
    std::string_view target;
};

/// Takes a URL apart. Messages never repeat the userinfo.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// Whether two URLs have the same scheme, host and port.
[[nodiscard]] bool is_same_origin(const Url& left, const Url& right) noexcept;

/// `scheme://host[:port]` in lower case, without the scheme's own port: what origins are compared
/// and shown by.
[[nodiscard]] std::string origin_text(const Url& url);

/// The value of the header Host, and the authority of a request to a proxy: `host[:port]`, with the
/// port always when `with_port`.
[[nodiscard]] std::string host_text(const Url& url, bool with_port = false);

/// Appends path and query as they stand in a request: never empty, and with everything that may not
/// stand there percent-encoded.
void append_target(std::string& output, std::string_view target);

/// The value of the header Authorization for a userinfo: `Basic ...`.
[[nodiscard]] std::string basic_authorization(std::string_view userinfo);

/// The URL that `reference` means in a document at `base` (RFC 3986, section 5.2).
[[nodiscard]] std::string resolve_reference(std::string_view base, std::string_view reference);

}  // namespace patchbay::http_client
