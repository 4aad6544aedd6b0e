// SPDX-License-Identifier: Apache-2.0
/// \file
/// Questions whose answers come as signals: receipts and calls. Bounded; closed when the lane ends,
/// so that nobody waits for an answer that cannot come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace patchbay::detail {

/// [any-thread]. `Value` is what answers.
template <class Value>
class PendingAnswers {
  public:
    using Callback = std::function<void(Value)>;

    explicit PendingAnswers(std::size_t bound) : bound_(bound) {}

    /// The number to ask with; 0 when too many are pending or the lane has ended. The callback is
    /// called on the lane's thread, at most once.
    [[nodiscard]] std::uint64_t add(Callback callback) {
        const std::lock_guard lock(mutex_);
        if (closed_ || pending_.size() >= bound_) {
            return 0;
        }
        const std::uint64_t number = own_numbers | next_++;
        pending_.emplace(number, std::move(callback));
        return number;
    }
    void forget(std::uint64_t number) {
        const std::lock_guard lock(mutex_);
        pending_.erase(number);
    }
    /// False when nobody waits for it.
    bool answer(std::uint64_t number, Value value) {
        Callback callback;
        {
            const std::lock_guard lock(mutex_);
            const auto found = pending_.find(number);
            if (found == pending_.end()) {
                return false;
            }
            callback = std::move(found->second);
            pending_.erase(found);
        }
        callback(std::move(value));
        return true;
    }
    /// Answers all with `value`, and refuses new ones from now on.
    void close(const Value& value) {
        std::unordered_map<std::uint64_t, Callback> pending;
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
            pending.swap(pending_);
        }
        for (auto& [number, callback] : pending) {
            callback(value);
        }
    }

    /// The bit that tells the SDK's numbers from those of connections.
    static constexpr std::uint64_t own_numbers = std::uint64_t{1} << 63;

  private:
    const std::size_t bound_;
    std::mutex mutex_;
    bool closed_ = false;
    std::uint64_t next_ = 1;
    std::unordered_map<std::uint64_t, Callback> pending_;
};

}  // namespace patchbay::detail
