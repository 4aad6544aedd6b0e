// SPDX-License-Identifier: Apache-2.0
/// \file
/// The host's clock, so that tests may run it by hand.
#pragma once

#include <chrono>
#include <cstdint>

namespace patchbay::multiplexer {

/// Both functions are called from any thread.
class Clock {
  public:
    Clock() = default;
    Clock(const Clock&) = delete;
    Clock& operator=(const Clock&) = delete;
    virtual ~Clock() = default;

    /// Nanoseconds since some fixed moment; never goes back.
    [[nodiscard]] virtual std::uint64_t monotonic() const noexcept = 0;
    /// Nanoseconds since 1970, UTC.
    [[nodiscard]] virtual std::uint64_t wall() const noexcept = 0;
};

/// The clock of the machine.
class SystemClock final : public Clock {
  public:
    [[nodiscard]] std::uint64_t monotonic() const noexcept override {
        return nanoseconds(std::chrono::steady_clock::now().time_since_epoch());
    }
    [[nodiscard]] std::uint64_t wall() const noexcept override {
        return nanoseconds(std::chrono::system_clock::now().time_since_epoch());
    }

  private:
    template <class Duration>
    [[nodiscard]] static std::uint64_t nanoseconds(Duration duration) noexcept {
        return static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
    }
};

}  // namespace patchbay::multiplexer
