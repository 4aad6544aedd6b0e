// SPDX-License-Identifier: Apache-2.0
/// \file
/// Blocking loopback sockets. A benchmark whose socket fails has no figures: it says why and ends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

[[noreturn]] void give_up(const std::string& what);
[[noreturn]] void give_up_with_errno(const char* what);

/// Connected to 127.0.0.1, without Nagle's delay.
[[nodiscard]] int connected_socket(std::uint16_t port);

/// All of it. What the load has under way at a time fits into the buffers of a loopback socket, so
/// that it does not wait here.
void send_all(int socket, std::string_view bytes);

/// Appends what comes next; waits for it up to ten seconds.
void receive_more(int socket, std::string& bytes);

}  // namespace bench
