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
    explicit Event(Executor executor) : timer_(executor) { timer_.expires_at(never); }

    void notify() { timer_.cancel(); }

    /// Returns after a `notify`; throws operation_aborted when the coroutine was cancelled.
    Awaitable<void> wait() { return wait_until(never); }
    /// The same, or returns at `deadline`.
    Awaitable<void> wait_until(std::chrono::steady_clock::time_point deadline) {
        if (timer_.expiry() != deadline) {
            timer_.expires_at(deadline);  // ends other waits, which look again
        }
        boost::system::error_code ignored;
        co_await timer_.async_wait(boost::asio::redirect_error(use_awaitable, ignored));
        const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != boost::asio::cancellation_type::none) {
            throw boost::system::system_error(boost::asio::error::operation_aborted);
        }
    }

  private:
    static constexpr std::chrono::steady_clock::time_point never =
        std::chrono::steady_clock::time_point::max();
    Timer timer_;
};

}  // namespace patchbay::detail
