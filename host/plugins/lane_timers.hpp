// SPDX-License-Identifier: Apache-2.0
/// \file
/// Timers of one lane (patchbay.timers/1). A lane that the host drives asks between two batches
/// what is due; for a lane with a loop of its own the scheduler fires and the timers become
/// signals.
#pragma once

#include "multiplexer/clock.hpp"
#include "plugins/scheduler.hpp"

#include <patchbay/abi.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace patchbay::plugins {

/// Thread-safe.
class LaneTimers : public std::enable_shared_from_this<LaneTimers> {
  public:
    static constexpr std::size_t capacity = 4096;

    explicit LaneTimers(const multiplexer::Clock& clock) : clock_(clock) {}
    LaneTimers(const LaneTimers&) = delete;
    LaneTimers& operator=(const LaneTimers&) = delete;
    ~LaneTimers() = default;

    /// From now on `fire` is called on the scheduler's thread with the token of each timer that is
    /// due. The object must be owned by a shared pointer.
    void deliver_by(Scheduler& scheduler, std::function<void(std::uint64_t token)> fire);
    /// No timer fires any more; waits for one that is being delivered.
    void stop();

    patchbay_status set(std::uint64_t token, std::uint64_t delay);
    patchbay_status cancel(std::uint64_t token);

    /// Cheap, for the lane's own thread.
    [[nodiscard]] bool has_any() const { return any_.load(std::memory_order_relaxed); }
    /// When the next one is due, on the clock's monotonic scale.
    [[nodiscard]] std::optional<std::uint64_t> next() const;
    /// Takes those that are due, in their order.
    [[nodiscard]] std::vector<std::uint64_t> take_due();

  private:
    void arm();  // with mutex_ held
    void fired();

    const multiplexer::Clock& clock_;
    mutable std::mutex mutex_;
    std::set<std::pair<std::uint64_t, std::uint64_t>> by_time_;
    std::unordered_map<std::uint64_t, std::uint64_t> by_token_;
    Scheduler* scheduler_ = nullptr;
    std::function<void(std::uint64_t)> fire_;
    TaskId task_ = 0;
    std::uint64_t task_time_ = 0;
    std::atomic<bool> any_{false};
};

}  // namespace patchbay::plugins
