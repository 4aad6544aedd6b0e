// SPDX-License-Identifier: Apache-2.0
#include "plugins/lane_timers.hpp"

namespace patchbay::plugins {

void LaneTimers::deliver_by(Scheduler& scheduler, std::function<void(std::uint64_t)> fire) {
    const std::lock_guard lock(mutex_);
    scheduler_ = &scheduler;
    fire_ = std::move(fire);
    arm();
}

void LaneTimers::stop() {
    const std::lock_guard lock(mutex_);
    by_time_.clear();
    by_token_.clear();
    any_.store(false, std::memory_order_relaxed);
    if (scheduler_ != nullptr) {
        scheduler_->cancel(task_);
    }
    scheduler_ = nullptr;
    fire_ = nullptr;
}

patchbay_status LaneTimers::set(std::uint64_t token, std::uint64_t delay) {
    const std::uint64_t now = clock_.monotonic();
    const std::uint64_t when = delay > UINT64_MAX - now ? UINT64_MAX : now + delay;
    const std::lock_guard lock(mutex_);
    const auto running = by_token_.find(token);
    if (running != by_token_.end()) {
        by_time_.erase({running->second, token});
        running->second = when;
    } else if (by_token_.size() >= capacity) {
        return PATCHBAY_OVERLOADED;
    } else {
        by_token_.emplace(token, when);
    }
    by_time_.emplace(when, token);
    any_.store(true, std::memory_order_relaxed);
    arm();
    return PATCHBAY_OK;
}

patchbay_status LaneTimers::cancel(std::uint64_t token) {
    const std::lock_guard lock(mutex_);
    const auto running = by_token_.find(token);
    if (running == by_token_.end()) {
        return PATCHBAY_UNSUPPORTED;
    }
    by_time_.erase({running->second, token});
    by_token_.erase(running);
    any_.store(!by_time_.empty(), std::memory_order_relaxed);
    return PATCHBAY_OK;  // a task that finds nothing due is cheaper than moving it now
}

std::optional<std::uint64_t> LaneTimers::next() const {
    const std::lock_guard lock(mutex_);
    return by_time_.empty() ? std::nullopt : std::optional(by_time_.begin()->first);
}

std::vector<std::uint64_t> LaneTimers::take_due() {
    std::vector<std::uint64_t> due;
    const std::lock_guard lock(mutex_);
    if (by_time_.empty()) {
        return due;
    }
    const std::uint64_t now = clock_.monotonic();
    while (!by_time_.empty() && by_time_.begin()->first <= now) {
        due.push_back(by_time_.begin()->second);
        by_token_.erase(by_time_.begin()->second);
        by_time_.erase(by_time_.begin());
    }
    any_.store(!by_time_.empty(), std::memory_order_relaxed);
    return due;
}

void LaneTimers::arm() {
    if (scheduler_ == nullptr || by_time_.empty()) {
        return;
    }
    const std::uint64_t first = by_time_.begin()->first;
    if (task_ != 0 && task_time_ <= first) {
        return;
    }
    scheduler_->cancel(task_);
    task_time_ = first;
    task_ = scheduler_->at(first, [weak = weak_from_this()] {
        if (const auto timers = weak.lock()) {
            timers->fired();
        }
    });
}

void LaneTimers::fired() {
    const std::vector<std::uint64_t> due = take_due();
    const std::lock_guard lock(mutex_);
    task_ = 0;
    if (scheduler_ == nullptr) {
        return;
    }
    for (const std::uint64_t token : due) {
        fire_(token);
    }
    arm();
}

}  // namespace patchbay::plugins
