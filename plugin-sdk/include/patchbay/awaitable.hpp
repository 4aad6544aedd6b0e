// SPDX-License-Identifier: Apache-2.0
/// \file
/// Coroutines of a lane. Every asynchronous function of the SDK is an `Awaitable`: a Boost.Asio
/// coroutine bound to the concrete executor of a lane's io_context, because the type-erased
/// `any_io_executor` costs an allocation and an indirect call per operation.
///
///     patchbay::Awaitable<patchbay::Result<void>> connect() override {
///         co_await socket_.async_connect(endpoint_, patchbay::use_awaitable);
///         co_return patchbay::success();
///     }
///
/// Asio is compiled once, inside the SDK's library; users compile with
/// BOOST_ASIO_SEPARATE_COMPILATION, which the SDK's Meson dependency and pkg-config file define.
#pragma once

#include <patchbay/result.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/wait_traits.hpp>

#include <chrono>

// GCC 12 takes the frame allocation of Asio's coroutines for a mismatch of new and delete at some
// levels of optimisation, in the code of whoever writes the coroutine (GCC bug 109224).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace patchbay {

/// Executor of a lane.
using Executor = boost::asio::io_context::executor_type;

template <class T = void>
using Awaitable = boost::asio::awaitable<T, Executor>;

/// Completion token that makes an asynchronous operation of Asio awaitable on a lane.
inline constexpr boost::asio::use_awaitable_t<Executor> use_awaitable{};

/// Steady timer of a lane. [lane]
using Timer = boost::asio::basic_waitable_timer<
    std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// The successful `Result<void>`, since `co_return {}` cannot be deduced.
[[nodiscard]] inline Result<void> success() {
    return {};
}

}  // namespace patchbay
