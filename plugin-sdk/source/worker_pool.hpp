// SPDX-License-Identifier: Apache-2.0
/// \file
/// The threads of a synchronous connection: workers that take jobs in order, and one more for
/// `main`. All of them are the host's (patchbay.threads/1).
#pragma once

#include <patchbay/host.hpp>
#include <patchbay/result.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace patchbay::detail {

/// [any-thread]
class WorkerPool {
  public:
    using Job = std::function<void()>;

    explicit WorkerPool(Host& host) : host_(host) {}
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;
    /// Lets jobs that run end; those that wait are dropped.
    ~WorkerPool();

    /// Fails when no thread at all could be started.
    [[nodiscard]] Result<void> start(std::uint32_t workers);
    /// False when the pool has stopped. Jobs start in the order of the calls.
    bool submit(Job job);
    /// Starts `function` on the background thread, then calls `ended` there. Fails while an earlier
    /// one runs.
    [[nodiscard]] Result<void> start_background(Job function, Job ended);
    [[nodiscard]] bool background_runs() const;
    /// Jobs that wait or run.
    [[nodiscard]] std::size_t busy() const;
    /// No more jobs; the workers end when they have ended theirs. Those that hang are left to the
    /// host, which reports them.
    void stop();

  private:
    void run_worker(std::uint64_t start);

    Host& host_;
    mutable std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<Job> jobs_;
    std::size_t running_ = 0;
    bool stopped_ = true;
    /// Counts `start` and `stop`: a worker that hung beyond its stop must not work on.
    std::uint64_t starts_ = 0;
    bool background_runs_ = false;
    std::vector<Thread> workers_;
    Thread background_;
};

}  // namespace patchbay::detail
