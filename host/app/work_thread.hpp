// SPDX-License-Identifier: Apache-2.0
/// \file
/// A thread for what blocks and whoever asks must not wait for: one piece of work after the other.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace patchbay::app {

/// Thread-safe.
class WorkThread {
  public:
    /// Bound of what waits.
    static constexpr std::size_t capacity = 64;

    WorkThread() : thread_([this] { run(); }) {}
    WorkThread(const WorkThread&) = delete;
    WorkThread& operator=(const WorkThread&) = delete;
    ~WorkThread() { end(); }

    /// False, and it is not called: too much waits, or `end` was called.
    [[nodiscard]] bool add(std::function<void()> work) {
        {
            const std::lock_guard lock(mutex_);
            if (ended_ || waiting_.size() >= capacity) {
                return false;
            }
            waiting_.push_back(std::move(work));
        }
        changed_.notify_one();
        return true;
    }
    /// Does what waits, and waits for its end. Whoever calls it has made sure that it has one.
    void end() {
        {
            const std::lock_guard lock(mutex_);
            ended_ = true;
        }
        changed_.notify_one();
        if (thread_.joinable()) {
            thread_.join();
        }
    }

  private:
    void run() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return ended_ || !waiting_.empty(); });
            if (waiting_.empty()) {
                return;
            }
            const std::function<void()> work = std::move(waiting_.front());
            waiting_.pop_front();
            lock.unlock();
            work();
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> waiting_;
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace patchbay::app
