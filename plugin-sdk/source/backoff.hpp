// SPDX-License-Identifier: Apache-2.0
/// \file
/// Spacing of calls that give nothing: doubling delays up to a limit, and reports that become rarer
/// as the trouble goes on. Pure, so that it is tested without a clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace patchbay::detail {

class Backoff {
  public:
    /// The first `free` failures in a row cost no delay.
    Backoff(std::chrono::nanoseconds first, std::chrono::nanoseconds limit, std::uint32_t free = 0)
        : first_(first), limit_(limit), free_(free) {}

    /// One more failure in a row: how long to wait before the next try.
    [[nodiscard]] std::chrono::nanoseconds next() {
        ++failures_;
        if (failures_ <= free_) {
            return std::chrono::nanoseconds::zero();
        }
        const std::uint64_t doublings = std::min<std::uint64_t>(failures_ - free_ - 1, 40);
        return std::min<std::chrono::nanoseconds>(
            limit_,
            std::chrono::nanoseconds(first_.count() << std::min<std::uint64_t>(doublings, 20)));
    }
    /// Whether the failure that `next` counted is to be reported: the first one that costs a delay,
    /// then each time their number has doubled.
    [[nodiscard]] bool report() const {
        const std::uint64_t counted = failures_ > free_ ? failures_ - free_ : 0;
        return counted != 0 && (counted & (counted - 1)) == 0;
    }
    [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }
    void reset() noexcept { failures_ = 0; }

  private:
    std::chrono::nanoseconds first_;
    std::chrono::nanoseconds limit_;
    std::uint32_t free_;
    std::uint64_t failures_ = 0;
};

}  // namespace patchbay::detail
