// SPDX-License-Identifier: Apache-2.0
/// \file
/// The descriptor on which a lane, or a group of lanes, sleeps. Made when it is first asked for:
/// lanes that sleep in a group never need one.
#pragma once

#include <atomic>
#include <cstdint>

namespace patchbay::multiplexer {

class WakeEvent {
  public:
    WakeEvent() = default;
    WakeEvent(const WakeEvent&) = delete;
    WakeEvent& operator=(const WakeEvent&) = delete;
    ~WakeEvent();

    /// -1 when the system has none left.
    [[nodiscard]] std::intptr_t descriptor() noexcept;
    /// Makes it readable.
    void raise() noexcept;
    /// Makes it unreadable again.
    void lower() noexcept;

  private:
    std::atomic<int> descriptor_{-1};
};

}  // namespace patchbay::multiplexer
