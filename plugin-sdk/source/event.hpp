// SPDX-License-Identifier: Apache-2.0
/// \file
/// Something that coroutines of one lane wait for. Each waits in a loop that tests its condition:
/// every `notify` ends every wait, and so does a cancellation, which then throws.
#pragma once

#include <patchbay/awaitable.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>

namespace patchbay::detail {

class Event {
  public:
    explicit Event(const Executor& executor)
        : timer_(executor, std::chrono::steady_clock::time_point::max()) {}

    void notify() { timer_.cancel(); }

    /// Returns after a `notify`; throws operation_aborted when the coroutine was cancelled.
    Awaitable<void> wait() {
        boost::system::error_code ignored;
        co_await timer_.async_wait(boost::asio::redirect_error(use_awaitable, ignored));
        const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != boost::asio::cancellation_type::none) {
            throw boost::system::system_error(boost::asio::error::operation_aborted);
        }
    }
    /// The same, or returns at `deadline`. The event must live as long as the lane.
    Awaitable<void> wait_until(std::chrono::steady_clock::time_point deadline) {
        // A timer of its own: others that wait here have no deadline, or another one.
        Timer limit(timer_.get_executor(), deadline);
        limit.async_wait([this](const boost::system::error_code& error) {
            if (!error) {
                notify();
            }
        });
        co_await wait();
    }

  private:
    Timer timer_;
};

}  // namespace patchbay::detail
