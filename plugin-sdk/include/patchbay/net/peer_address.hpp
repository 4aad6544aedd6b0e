// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who is at the other end of a socket.
#pragma once

#include <array>
#include <cstdint>
#include <string>

struct sockaddr_storage;

namespace patchbay::net {

/// An IPv6 address, an IPv4 one in its mapped form, or all zeros for a Unix socket.
struct PeerAddress {
    std::array<unsigned char, 16> bytes{};
    std::uint16_t port = 0;

    [[nodiscard]] static PeerAddress of(const sockaddr_storage& address) noexcept;
    [[nodiscard]] bool is_unix() const noexcept { return bytes == decltype(bytes){}; }
    /// "192.0.2.1", "2001:db8::1", or "unix".
    [[nodiscard]] std::string text() const;
    /// "192.0.2.1:4711", "[2001:db8::1]:4711", or "unix:0".
    [[nodiscard]] std::string text_with_port() const;
};

}  // namespace patchbay::net
