// SPDX-License-Identifier: Apache-2.0
/// \file
/// The time by which certificates are judged. It is that of the wall, but does not take part in its
/// steps: a wall clock that jumps by more than two seconds against the monotonic one is believed
/// only when it has stayed there for ten minutes. Else a clock that is wrong for a moment would let
/// all claims lapse, and strangers take them.
#pragma once

#include "multiplexer/clock.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>

namespace patchbay::identity {

/// Thread-safe.
class IdentityClock {
  public:
    static constexpr std::uint64_t largest_drift = 2'000'000'000;
    static constexpr std::uint64_t time_to_believe = 600'000'000'000;

    explicit IdentityClock(const multiplexer::Clock& clock)
        : clock_(clock), offset_(offset_of(clock.wall(), clock.monotonic())) {}

    /// Nanoseconds since 1970.
    [[nodiscard]] std::uint64_t now() const;
    /// Steps of the wall clock that are not believed (yet) since the start, and those that were.
    [[nodiscard]] std::uint64_t steps() const { return steps_.load(std::memory_order_relaxed); }

  private:
    static std::int64_t offset_of(std::uint64_t wall, std::uint64_t monotonic) {
        return static_cast<std::int64_t>(wall - monotonic);
    }
    [[nodiscard]] std::int64_t after_step(std::int64_t seen, std::uint64_t monotonic) const;

    const multiplexer::Clock& clock_;
    /// Of the wall clock from the monotonic one.
    mutable std::atomic<std::int64_t> offset_;
    mutable std::mutex mutex_;
    mutable bool stepped_ = false;
    mutable std::int64_t stepped_to_ = 0;
    mutable std::uint64_t stepped_at_ = 0;  ///< monotonic
    mutable std::atomic<std::uint64_t> steps_{0};
};

}  // namespace patchbay::identity
