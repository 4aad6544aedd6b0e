// SPDX-License-Identifier: Apache-2.0
/// \file
/// The InBox as awaitables of Boost.Asio. Apart, so that nobody else pays for the headers.
#pragma once

#include "multiplexer/resident_agent.hpp"

#include <boost/asio/awaitable.hpp>

namespace patchbay::multiplexer {

/// The next envelope. Cancellable; throws boost::system::system_error then. The InBox must outlive
/// it, and only one of these may wait on an InBox at a time.
[[nodiscard]] boost::asio::awaitable<Received> async_get(InBox& inbox);

/// Returns when there is an envelope, without taking it.
[[nodiscard]] boost::asio::awaitable<void> async_wait(InBox& inbox);

}  // namespace patchbay::multiplexer
