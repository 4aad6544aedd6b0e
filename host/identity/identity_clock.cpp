// SPDX-License-Identifier: Apache-2.0
#include "identity/identity_clock.hpp"

namespace patchbay::identity {

namespace {

bool is_step(std::int64_t from, std::int64_t to) {
    const std::int64_t drift = to > from ? to - from : from - to;
    return drift > static_cast<std::int64_t>(IdentityClock::largest_drift);
}

}  // namespace

std::uint64_t IdentityClock::now() const {
    const std::uint64_t monotonic = clock_.monotonic();
    const std::int64_t seen = offset_of(clock_.wall(), monotonic);
    std::int64_t offset = offset_.load(std::memory_order_relaxed);
    if (is_step(offset, seen)) {
        offset = after_step(seen, monotonic);
    } else if (seen != offset) {
        // Followed at once; whoever stores last has seen the clock as well.
        offset_.store(seen, std::memory_order_relaxed);
        offset = seen;
    }
    return monotonic + static_cast<std::uint64_t>(offset);
}

std::int64_t IdentityClock::after_step(std::int64_t seen, std::uint64_t monotonic) const {
    const std::lock_guard lock(mutex_);
    if (!stepped_ || is_step(stepped_to_, seen)) {
        stepped_ = true;
        stepped_to_ = seen;
        stepped_at_ = monotonic;
        steps_.fetch_add(1, std::memory_order_relaxed);
    } else if (monotonic >= stepped_at_ + time_to_believe) {
        stepped_ = false;
        offset_.store(seen, std::memory_order_relaxed);
    }
    return offset_.load(std::memory_order_relaxed);
}

}  // namespace patchbay::identity
