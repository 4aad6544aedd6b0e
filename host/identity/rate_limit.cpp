// SPDX-License-Identifier: Apache-2.0
#include "identity/rate_limit.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace patchbay::identity {

namespace {

constexpr std::size_t groups_of_a_network = 4;  // 64 bits
/// An address has at most 45 characters; a zone or the path of a Unix socket is cut.
constexpr std::size_t max_address_bytes = 64;

/// The first four groups of an IPv6 address, as it is written by inet_ntop: only "::" has to be
/// spelled out.
std::string network_of(std::string_view address) {
    const std::size_t gap = address.find("::");
    const auto count = [](std::string_view part) {
        return part.empty()
                   ? std::size_t{0}
                   : static_cast<std::size_t>(std::count(part.begin(), part.end(), ':')) + 1;
    };
    const std::string_view head = address.substr(0, std::min(gap, address.size()));
    std::string network;
    std::size_t groups = 0;
    std::size_t at = 0;
    while (at < head.size() && groups < groups_of_a_network) {
        const std::size_t end = std::min(head.find(':', at), head.size());
        network.append(head, at, end - at).append(1, ':');
        ++groups;
        at = end + 1;
    }
    if (gap != std::string_view::npos && groups < groups_of_a_network) {
        const std::string_view tail = address.substr(gap + 2);
        // ::ffff:192.0.2.1 is an IPv4 address in other clothes.
        if (tail.find('.') != std::string_view::npos) {
            return std::string(tail.substr(tail.rfind(':') + 1));
        }
        const std::size_t tail_groups = count(tail);
        const std::size_t zeros = 8 - std::min<std::size_t>(8, count(head) + tail_groups);
        for (std::size_t i = 0; i < zeros && groups < groups_of_a_network; ++i, ++groups) {
            network += "0:";
        }
        for (std::size_t from = 0; from < tail.size() && groups < groups_of_a_network; ++groups) {
            const std::size_t end = std::min(tail.find(':', from), tail.size());
            network.append(tail, from, end - from).append(1, ':');
            from = end + 1;
        }
    }
    return network + ":/64";
}

std::uint64_t interval_of(const RateLimit& limit) {
    return static_cast<std::uint64_t>(limit.period.count()) / limit.count;
}

}  // namespace

std::string counted_address(std::string_view remote) {
    std::string_view address = remote.substr(0, std::min(remote.rfind(':'), remote.size()));
    if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
        address = address.substr(1, address.size() - 2);
    }
    if (address.find(':') != std::string_view::npos) {
        return network_of(address.substr(0, max_address_bytes));
    }
    return std::string(address.substr(0, max_address_bytes));
}

RateLimiter::RateLimiter(RateLimit per_address, RateLimit in_all, std::size_t addresses)
    : per_address_(per_address), in_all_(in_all), capacity_(std::max<std::size_t>(1, addresses)) {}

bool RateLimiter::has_room(const Bucket& bucket, const RateLimit& limit, std::uint64_t now) {
    return limit.count == 0 || std::max(bucket.full_at, now) + interval_of(limit) <=
                                   now + static_cast<std::uint64_t>(limit.period.count());
}

void RateLimiter::take(Bucket& bucket, const RateLimit& limit, std::uint64_t now) {
    if (limit.count != 0) {
        bucket.full_at = std::max(bucket.full_at, now) + interval_of(limit);
    }
}

bool RateLimiter::admit(std::string_view remote, std::uint64_t monotonic) {
    std::string address = counted_address(remote);
    const std::lock_guard lock(mutex_);
    // Refused before the address takes a place in the table: the limit for all bounds its turnover.
    if (!has_room(all_, in_all_, monotonic)) {
        return false;
    }
    if (per_address_.count != 0) {
        const auto found = by_address_.find(address);
        if (found != by_address_.end()) {
            recent_.splice(recent_.begin(), recent_, found->second);
        } else {
            if (recent_.size() >= capacity_) {
                by_address_.erase(recent_.back().address);
                recent_.pop_back();
            }
            recent_.push_front({std::move(address), {}});
            by_address_.emplace(recent_.front().address, recent_.begin());
        }
        Bucket& bucket = recent_.front().bucket;
        if (!has_room(bucket, per_address_, monotonic)) {
            return false;
        }
        take(bucket, per_address_, monotonic);
    }
    take(all_, in_all_, monotonic);
    return true;
}

std::size_t RateLimiter::addresses() const {
    const std::lock_guard lock(mutex_);
    return recent_.size();
}

}  // namespace patchbay::identity
