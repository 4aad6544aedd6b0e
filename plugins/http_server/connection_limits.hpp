// SPDX-License-Identifier: Apache-2.0
/// \file
/// How many clients may be connected, in all and from one address. Shared by the lanes, which ask
/// when a connection begins and ends, not per request.
#pragma once

#include "client_address.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace patchbay::http_server {

enum class Admission : std::uint8_t { admitted, too_many, too_many_from_address };

/// [any-thread]
class ConnectionLimits {
  public:
    /// `per_address` 0 = no limit.
    ConnectionLimits(std::size_t all, std::size_t per_address)
        : all_limit_(all), address_limit_(per_address) {}

    /// Proxies that many clients share, and Unix sockets, are `exempt` from the limit per address.
    [[nodiscard]] Admission admit(const ClientAddress& client, bool exempt);
    /// Ends what `admit` admitted.
    void release(const ClientAddress& client, bool exempt) noexcept;
    [[nodiscard]] std::size_t connected() const;

  private:
    struct Hash {
        std::size_t operator()(const ClientAddress& address) const noexcept;
    };

    const std::size_t all_limit_;
    const std::size_t address_limit_;
    mutable std::mutex mutex_;
    std::size_t all_ = 0;
    /// Has entries for connected addresses only.
    std::unordered_map<ClientAddress, std::size_t, Hash> by_address_;
};

}  // namespace patchbay::http_server
