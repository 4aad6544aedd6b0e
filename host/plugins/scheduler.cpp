// SPDX-License-Identifier: Apache-2.0
#include "plugins/scheduler.hpp"

#include "plugins/platform.hpp"

#include <algorithm>
#include <chrono>

namespace patchbay::plugins {

Scheduler::Scheduler(const multiplexer::Clock& clock) : clock_(clock), thread_([this] { run(); }) {}

Scheduler::~Scheduler() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

TaskId Scheduler::at(std::uint64_t when, std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    const TaskId id = next_id_++;
    const auto place = tasks_.emplace(Key{when, id}, std::move(task)).first;
    times_.emplace(id, when);
    if (place == tasks_.begin()) {
        changed_.notify_one();
    }
    return id;
}

bool Scheduler::cancel(TaskId id) {
    std::function<void()> dropped;  // destroyed after the lock is given back
    const std::lock_guard lock(mutex_);
    const auto time = times_.find(id);
    if (time == times_.end()) {
        return false;
    }
    const auto task = tasks_.find(Key{time->second, id});
    dropped = std::move(task->second);
    tasks_.erase(task);
    times_.erase(time);
    return true;
}

void Scheduler::clock_moved() {
    { const std::lock_guard lock(mutex_); }
    changed_.notify_all();
}

void Scheduler::settle() {
    std::unique_lock lock(mutex_);
    changed_.notify_all();
    idle_.wait(lock, [this] {
        return !running_task_ &&
               (tasks_.empty() || tasks_.begin()->first.first > clock_.monotonic());
    });
}

void Scheduler::run() {
    platform::name_this_thread("pbay:scheduler");
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (tasks_.empty()) {
            idle_.notify_all();
            changed_.wait(lock);
            continue;
        }
        const std::uint64_t when = tasks_.begin()->first.first;
        const std::uint64_t now = clock_.monotonic();
        if (when > now) {
            idle_.notify_all();
            // Bounded, because adding hours to a time point must not overflow.
            constexpr std::uint64_t longest = std::uint64_t{3600} * 1'000'000'000U;
            changed_.wait_for(lock, std::chrono::nanoseconds(
                                        static_cast<std::int64_t>(std::min(when - now, longest))));
            continue;
        }
        auto node = tasks_.extract(tasks_.begin());
        times_.erase(node.key().second);
        running_task_ = true;
        lock.unlock();
        node.mapped()();
        node = {};  // what the task held is freed outside the lock
        lock.lock();
        running_task_ = false;
    }
    idle_.notify_all();
}

}  // namespace patchbay::plugins
