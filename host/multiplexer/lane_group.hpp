// SPDX-License-Identifier: Apache-2.0
/// \file
/// Lets one thread serve many lanes: it sleeps for all of them on one descriptor and learns which
/// ones have something, at a cost that does not grow with the number of quiet lanes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

namespace patchbay::multiplexer {

class Lane;

/// Owned by the thread's owner; must outlive its lanes' membership. All functions but the
/// constructor, `wake` and `descriptor` belong to the serving thread.
class LaneGroup {
  public:
    /// Most lanes of one group.
    static constexpr std::uint32_t capacity = 64;

    LaneGroup();
    LaneGroup(const LaneGroup&) = delete;
    LaneGroup& operator=(const LaneGroup&) = delete;
    ~LaneGroup();

    /// From now on what arrives for `lane` makes it ready here. Before the lane is used, or on its
    /// own thread. False: the group is full.
    bool add(Lane& lane);
    void remove(Lane& lane) noexcept;

    /// The lanes that may have something, as bits; clears them. A lane that still holds envelopes
    /// after it was served must be put back with `again`. [lane]
    [[nodiscard]] std::uint64_t ready() noexcept;
    void again(std::uint32_t slot) noexcept;
    /// The lane with that bit, or null. [lane]
    [[nodiscard]] Lane* lane(std::uint32_t slot) const noexcept;

    /// As `sleep` of a lane, for all lanes. `ready` ends the sleep. [lane]
    bool sleep() noexcept;
    [[nodiscard]] std::intptr_t descriptor() const noexcept;
    /// Ends the sleep. [any-thread]
    void wake() noexcept;

    struct Core;
    [[nodiscard]] Core& core() noexcept { return *core_; }

  private:
    std::unique_ptr<Core> core_;
};

}  // namespace patchbay::multiplexer
