// SPDX-License-Identifier: Apache-2.0
/// \file
/// One wait of a lane's io_context on the host's event descriptor. The descriptor stays the host's:
/// it is watched, never read and never closed.
#pragma once

#include <patchbay/awaitable.hpp>

#include <cstdint>

#if defined(_WIN32)
#include <boost/asio/windows/basic_object_handle.hpp>
#include <windows.h>
#else
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#endif

namespace patchbay::detail {

class DescriptorWait {
  public:
#if defined(_WIN32)
    DescriptorWait(const Executor& executor, std::intptr_t descriptor) : object_(executor) {
        HANDLE copy = nullptr;  // the object closes what it holds
        ::DuplicateHandle(::GetCurrentProcess(), reinterpret_cast<HANDLE>(descriptor),
                          ::GetCurrentProcess(), &copy, 0, FALSE, DUPLICATE_SAME_ACCESS);
        object_.assign(copy);
    }
#else
    DescriptorWait(const Executor& executor, std::intptr_t descriptor)
        : object_(executor, static_cast<int>(descriptor)) {}
    ~DescriptorWait() {
        object_.release();
    }
#endif
    DescriptorWait(const DescriptorWait&) = delete;
    DescriptorWait& operator=(const DescriptorWait&) = delete;

    /// Makes the io_context run a handler when the descriptor is readable, once.
    void arm() {
        if (armed_) {
            return;
        }
        armed_ = true;
        const auto readable = [this](const boost::system::error_code&) { armed_ = false; };
#if defined(_WIN32)
        object_.async_wait(readable);
#else
        object_.async_wait(boost::asio::posix::descriptor_base::wait_read, readable);
#endif
    }

  private:
    bool armed_ = false;
#if defined(_WIN32)
    boost::asio::windows::basic_object_handle<Executor> object_;
#else
    boost::asio::posix::basic_stream_descriptor<Executor> object_;
#endif
};

}  // namespace patchbay::detail
