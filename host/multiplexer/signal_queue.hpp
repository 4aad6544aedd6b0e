// SPDX-License-Identifier: Apache-2.0
/// \file
/// The signals that wait for one lane. Few and from anywhere, so a lock is enough; the lane asks a
/// counter first and takes the lock only when there is something.
#pragma once

#include "multiplexer/signal.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace patchbay::multiplexer {

class SignalQueue {
  public:
    /// Throws std::bad_alloc.
    void push(Signal signal) {
        const std::lock_guard lock(mutex_);
        if (count_ == slots_.size()) {
            grow();
        }
        slots_[(first_ + count_) & (slots_.size() - 1)] = std::move(signal);
        waiting_.store(static_cast<std::uint32_t>(++count_), std::memory_order_seq_cst);
    }
    /// Appends up to `limit` signals to `taken`.
    void take(std::vector<Signal>& taken, std::size_t limit) {
        const std::lock_guard lock(mutex_);
        for (; limit != 0 && count_ != 0; --limit, --count_) {
            taken.push_back(std::move(slots_[first_]));
            first_ = (first_ + 1) & (slots_.size() - 1);
        }
        waiting_.store(static_cast<std::uint32_t>(count_), std::memory_order_relaxed);
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        slots_.clear();
        first_ = count_ = 0;
        waiting_.store(0, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint32_t waiting() const noexcept {
        return waiting_.load(std::memory_order_acquire);
    }

  private:
    void grow() {
        std::vector<Signal> larger(slots_.empty() ? 8 : slots_.size() * 2);
        for (std::size_t i = 0; i < count_; ++i) {
            larger[i] = std::move(slots_[(first_ + i) & (slots_.size() - 1)]);
        }
        slots_ = std::move(larger);
        first_ = 0;
    }

    std::mutex mutex_;
    /// A ring; its size is a power of two.
    std::vector<Signal> slots_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::atomic<std::uint32_t> waiting_{0};
};

}  // namespace patchbay::multiplexer
