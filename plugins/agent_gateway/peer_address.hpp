// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who is at the other end of a socket, and how many of them there may be.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

struct sockaddr_storage;

namespace patchbay::agent_gateway {

/// An IPv6 address, an IPv4 one in its mapped form, or all zeros for a Unix socket.
struct PeerAddress {
    std::array<unsigned char, 16> bytes{};
    std::uint16_t port = 0;

    [[nodiscard]] static PeerAddress of(const sockaddr_storage& address) noexcept;
    /// "192.0.2.1:4711", "[2001:db8::1]:4711", or "unix:0".
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool is_unix() const noexcept { return bytes == decltype(bytes){}; }
};

/// Shared by the lanes, which ask when a socket comes and goes. [any-thread]
class SocketLimits {
  public:
    /// `per_address` 0 = no limit. Unix sockets have none.
    SocketLimits(std::size_t all, std::size_t per_address)
        : all_limit_(all), address_limit_(per_address) {}

    [[nodiscard]] bool admit(const PeerAddress& peer);
    /// Ends what `admit` admitted.
    void release(const PeerAddress& peer) noexcept;

  private:
    using Key = std::array<unsigned char, 16>;
    struct Hash {
        std::size_t operator()(const Key& key) const noexcept;
    };

    const std::size_t all_limit_;
    const std::size_t address_limit_;
    std::mutex mutex_;
    std::size_t all_ = 0;
    /// Has entries for connected addresses only, and only when they are limited.
    std::unordered_map<Key, std::size_t, Hash> by_address_;
};

}  // namespace patchbay::agent_gateway
