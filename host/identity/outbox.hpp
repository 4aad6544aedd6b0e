// SPDX-License-Identifier: Apache-2.0
/// \file
/// What is to be told to others after a lock was let go, in the order in which it was decided: no
/// lock is held across foreign calls, and yet nobody hears of the second change before the first.
#pragma once

#include <deque>
#include <functional>
#include <utility>

namespace patchbay::identity {

class Outbox {
  public:
    /// With the owner's lock. What `message` throws is swallowed.
    void add(std::function<void()> message) { messages_.push_back(std::move(message)); }

    /// Sends everything, with the lock let go in between; at the end it is let go. A thread that
    /// finds another one sending leaves its messages to that one.
    template <class Lock>
    void send(Lock& lock) {
        if (sending_) {
            lock.unlock();
            return;
        }
        sending_ = true;
        while (!messages_.empty()) {
            std::deque<std::function<void()>> batch = std::exchange(messages_, {});
            lock.unlock();
            for (std::function<void()>& message : batch) {
                try {
                    message();
                } catch (...) {  // out of memory; the others are still to be told
                }
            }
            batch.clear();
            lock.lock();
        }
        sending_ = false;
        lock.unlock();
    }

  private:
    std::deque<std::function<void()>> messages_;
    bool sending_ = false;
};

}  // namespace patchbay::identity
