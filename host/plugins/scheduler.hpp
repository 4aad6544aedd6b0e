// SPDX-License-Identifier: Apache-2.0
/// \file
/// The one thread of the host that waits for time on behalf of the life cycle: time limits of
/// connect, disconnect and calls, pauses before a reconnect, timers of lanes with a loop of their
/// own. It never runs code of a plugin.
#pragma once

#include "multiplexer/clock.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

namespace patchbay::plugins {

/// Names a scheduled task; 0 is none.
using TaskId = std::uint64_t;

/// Thread-safe.
class Scheduler {
  public:
    /// `clock` outlives this object. A clock that tests run by hand is followed by `clock_moved`.
    explicit Scheduler(const multiplexer::Clock& clock);
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;
    /// Ends the thread; tasks that are not due are dropped.
    ~Scheduler();

    /// Runs `task` on the scheduler's thread at `when` (monotonic nanoseconds), tasks of one moment
    /// in the order of scheduling. A task returns promptly and throws nothing.
    TaskId at(std::uint64_t when, std::function<void()> task);
    TaskId after(std::uint64_t delay, std::function<void()> task) {
        const std::uint64_t now = clock_.monotonic();
        return at(delay > UINT64_MAX - now ? UINT64_MAX : now + delay, std::move(task));
    }
    /// As soon as possible.
    TaskId soon(std::function<void()> task) { return at(0, std::move(task)); }
    /// False when the task ran, runs or does not exist. Does not wait for a running one.
    bool cancel(TaskId id);

    /// To be called after a clock that does not run by itself was moved.
    void clock_moved();
    /// Waits until everything that is due by now has run. Not from a task.
    void settle();

    [[nodiscard]] const multiplexer::Clock& clock() const { return clock_; }

  private:
    void run();

    using Key = std::pair<std::uint64_t, TaskId>;
    const multiplexer::Clock& clock_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::condition_variable idle_;
    std::map<Key, std::function<void()>> tasks_;
    std::unordered_map<TaskId, std::uint64_t> times_;
    TaskId next_id_ = 1;
    bool running_task_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace patchbay::plugins
