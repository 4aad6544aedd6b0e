// SPDX-License-Identifier: Apache-2.0
/// \file
/// A clock that moves only when a test says so.
#pragma once

#include "multiplexer/clock.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace patchbay::plugins::test {

class ManualClock final : public multiplexer::Clock {
  public:
    [[nodiscard]] std::uint64_t monotonic() const noexcept override { return now_; }
    [[nodiscard]] std::uint64_t wall() const noexcept override { return now_ + epoch; }
    void advance(std::chrono::nanoseconds by) { now_ += static_cast<std::uint64_t>(by.count()); }

  private:
    static constexpr std::uint64_t epoch = 1'700'000'000'000'000'000;
    std::atomic<std::uint64_t> now_{1'000'000'000};
};

}  // namespace patchbay::plugins::test
