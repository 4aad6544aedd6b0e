// SPDX-License-Identifier: Apache-2.0
#include "worker_pool.hpp"

#include <string>
#include <utility>

namespace patchbay::detail {

WorkerPool::~WorkerPool() {
    stop();
}

Result<void> WorkerPool::start(std::uint32_t workers) {
    std::uint64_t start = 0;
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) {
            stopped_ = false;
            ++starts_;
        }
        start = starts_;
    }
    while (workers_.size() < workers) {
        auto thread = Thread::start(host_.abi(),
                                    "conn:" + host_.name() + ':' + std::to_string(workers_.size()),
                                    [this, start] { run_worker(start); });
        if (!thread) {
            if (workers_.empty()) {
                return tl::unexpected<Error>(std::move(thread.error()));
            }
            host_.log().warning([&] {
                return "only " + std::to_string(workers_.size()) + " of " +
                       std::to_string(workers) + " workers could be started";
            });
            break;
        }
        workers_.push_back(std::move(*thread));
    }
    return {};
}

bool WorkerPool::submit(Job job) {
    {
        const std::lock_guard lock(mutex_);
        if (stopped_) {
            return false;
        }
        jobs_.push_back(std::move(job));
    }
    arrived_.notify_one();
    return true;
}

void WorkerPool::run_worker(std::uint64_t start) {
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto over = [&] { return stopped_ || starts_ != start; };
        arrived_.wait(lock, [&] { return over() || !jobs_.empty(); });
        if (over()) {
            return;
        }
        const Job job = std::move(jobs_.front());
        jobs_.pop_front();
        ++running_;
        lock.unlock();
        job();
        lock.lock();
        --running_;
    }
}

Result<void> WorkerPool::start_background(Job function, Job ended) {
    {
        const std::lock_guard lock(mutex_);
        if (background_runs_) {
            return failure(ErrorClass::failed, "sync.main_still_runs",
                           "main of the previous connect has not returned yet.");
        }
        background_runs_ = true;
    }
    background_.join();  // the previous one, which has ended
    auto thread = Thread::start(host_.abi(), "conn:" + host_.name() + ":main",
                                [this, function = std::move(function), ended = std::move(ended)] {
                                    function();
                                    {
                                        const std::lock_guard lock(mutex_);
                                        background_runs_ = false;
                                    }
                                    ended();
                                });
    if (!thread) {
        const std::lock_guard lock(mutex_);
        background_runs_ = false;
        return tl::unexpected<Error>(std::move(thread.error()));
    }
    background_ = std::move(*thread);
    return {};
}

bool WorkerPool::background_runs() const {
    const std::lock_guard lock(mutex_);
    return background_runs_;
}

std::size_t WorkerPool::busy() const {
    const std::lock_guard lock(mutex_);
    return jobs_.size() + running_;
}

void WorkerPool::stop() {
    bool hangs = false;
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        jobs_.clear();
        hangs = running_ != 0;
    }
    arrived_.notify_all();
    for (Thread& worker : workers_) {
        if (hangs) {
            worker.abandon();
        } else {
            worker.join();
        }
    }
    workers_.clear();
    if (background_runs()) {
        background_.abandon();
    } else {
        background_.join();
    }
}

}  // namespace patchbay::detail
