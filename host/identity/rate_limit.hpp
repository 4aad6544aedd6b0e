// SPDX-License-Identifier: Apache-2.0
/// \file
/// How often something may be asked: for one address, and for all together. Token buckets in a
/// bounded table; an address that is forgotten was either idle or the one not seen for longest, and
/// the limit for all holds all the same.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace patchbay::identity {

/// `count` at once, and `count` in each `period` afterwards. 0 = no limit.
struct RateLimit {
    std::uint32_t count = 0;
    std::chrono::nanoseconds period{0};

    friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

/// What of "ADDRESS:PORT" is counted: the address, of IPv6 its first 64 bits, because one network
/// card has as many of the rest as it likes. Other texts count as they are.
[[nodiscard]] std::string counted_address(std::string_view remote);

/// Thread-safe.
class RateLimiter {
  public:
    /// At most `addresses` are told apart.
    RateLimiter(RateLimit per_address, RateLimit in_all, std::size_t addresses);

    /// True: allowed, and counted. `monotonic` is the clock's, now.
    [[nodiscard]] bool admit(std::string_view remote, std::uint64_t monotonic);
    [[nodiscard]] std::size_t addresses() const;

  private:
    /// Counts nothing while it is full: stores when it will have been refilled.
    struct Bucket {
        std::uint64_t full_at = 0;
    };
    struct Entry {
        std::string address;
        Bucket bucket;
    };
    [[nodiscard]] static bool has_room(const Bucket& bucket, const RateLimit& limit,
                                       std::uint64_t now);
    static void take(Bucket& bucket, const RateLimit& limit, std::uint64_t now);

    const RateLimit per_address_;
    const RateLimit in_all_;
    const std::size_t capacity_;
    mutable std::mutex mutex_;
    Bucket all_;
    std::list<Entry> recent_;  ///< the one not seen for longest at the end
    std::unordered_map<std::string_view, std::list<Entry>::iterator> by_address_;
};

}  // namespace patchbay::identity
