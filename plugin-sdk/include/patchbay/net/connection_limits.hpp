// SPDX-License-Identifier: Apache-2.0
/// \file
/// How many clients may be connected, in all and from one address. Shared by the lanes, which ask
/// when a connection begins and ends, not per request.
#pragma once

#include <patchbay/net/peer_address.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace patchbay::net {

enum class Admission : std::uint8_t { admitted, too_many, too_many_from_address };

/// [any-thread]
class ConnectionLimits {
  public:
    /// `per_address` 0 = no limit.
    ConnectionLimits(std::size_t all, std::size_t per_address)
        : all_limit_(all), address_limit_(per_address) {}

    /// Who many share (proxies, Unix sockets) is `exempt` from the limit per address.
    [[nodiscard]] Admission admit(const PeerAddress& peer, bool exempt);
    /// Ends what `admit` admitted.
    void release(const PeerAddress& peer, bool exempt) noexcept;
    [[nodiscard]] std::size_t connected() const;

  private:
    using Address = std::array<unsigned char, 16>;
    struct Hash {
        std::size_t operator()(const Address& address) const noexcept;
    };

    const std::size_t all_limit_;
    const std::size_t address_limit_;
    mutable std::mutex mutex_;
    std::size_t all_ = 0;
    /// Has entries for connected addresses only.
    std::unordered_map<Address, std::size_t, Hash> by_address_;
};

}  // namespace patchbay::net
