// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who is at the other end of a connection.
#pragma once

#include "options.hpp"
#include "request_head.hpp"

#include <array>
#include <cstdint>
#include <string>

struct sockaddr_storage;

namespace patchbay::http_server {

/// An IPv6 address, an IPv4 one in its mapped form, or all zeros for a Unix socket.
struct ClientAddress {
    std::array<unsigned char, 16> bytes{};

    [[nodiscard]] static ClientAddress of(const sockaddr_storage& address) noexcept;
    /// "192.0.2.1", "2001:db8::1", or "unix".
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool is_unix() const noexcept { return bytes == decltype(bytes){}; }

    friend bool operator==(const ClientAddress&, const ClientAddress&) = default;
};

[[nodiscard]] bool is_trusted(const ClientAddress& address, const TrustedProxies& proxies);

/// The client as the log shall name it: the peer or, when that is a trusted proxy, the last address
/// of X-Forwarded-For that is none of them.
[[nodiscard]] std::string named_client(const ClientAddress& peer, const RequestHead& head,
                                       const TrustedProxies& proxies);

}  // namespace patchbay::http_server
