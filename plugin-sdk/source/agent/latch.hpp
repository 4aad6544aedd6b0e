// SPDX-License-Identifier: Apache-2.0
/// \file
/// Something that happens once, and a coroutine that waits for it within a time limit. For one
/// thread.
#pragma once

#include <patchbay/awaitable.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>

namespace patchbay::agent {

class Latch {
  public:
    explicit Latch(const Executor& executor) : timer_(executor) {}

    void set() {
        set_ = true;
        timer_.cancel();
    }
    [[nodiscard]] bool is_set() const { return set_; }
    /// False when the limit passed first. One waiter.
    Awaitable<bool> wait(std::chrono::milliseconds limit) {
        if (!set_) {
            boost::system::error_code ignored;
            timer_.expires_after(limit);
            co_await timer_.async_wait(boost::asio::redirect_error(use_awaitable, ignored));
        }
        co_return set_;
    }

  private:
    Timer timer_;
    bool set_ = false;
};

}  // namespace patchbay::agent
