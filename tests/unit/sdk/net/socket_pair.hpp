// SPDX-License-Identifier: Apache-2.0
/// \file
/// Two connected non-blocking sockets for tests.
#pragma once

#include <patchbay/net/descriptor.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <string_view>
#include <system_error>

namespace patchbay::net {

struct SocketPair {
    SocketPair() {
        int numbers[2] = {-1, -1};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, numbers) != 0) {
            throw std::system_error(errno, std::generic_category(), "socketpair");
        }
        near = Descriptor(numbers[0]);
        far = Descriptor(numbers[1]);
    }
    /// The far side says something.
    void say(std::string_view text) const {
        static_cast<void>(::send(far.get(), text.data(), text.size(), MSG_NOSIGNAL));
    }

    Descriptor near;
    Descriptor far;
};

}  // namespace patchbay::net
