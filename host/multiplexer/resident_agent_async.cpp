// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/resident_agent_async.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unistd.h>

#include <cerrno>

namespace patchbay::multiplexer {

boost::asio::awaitable<void> async_wait(InBox& inbox) {
    if (!inbox.empty()) {
        co_return;
    }
    // A descriptor of our own: the lane's must not be closed with the stream.
    const int own = ::dup(static_cast<int>(inbox.descriptor()));
    if (own < 0) {
        throw boost::system::system_error(errno, boost::system::system_category());
    }
    boost::asio::posix::stream_descriptor stream(co_await boost::asio::this_coro::executor, own);
    while (inbox.empty()) {
        if (inbox.sleep()) {
            co_await stream.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                       boost::asio::use_awaitable);
        }
    }
}

boost::asio::awaitable<Received> async_get(InBox& inbox) {
    for (;;) {
        if (auto received = inbox.get_nowait()) {
            co_return std::move(*received);
        }
        co_await async_wait(inbox);
    }
}

}  // namespace patchbay::multiplexer
