// SPDX-License-Identifier: Apache-2.0
/// \file
/// What lending listening sockets needs of the operating system, in the manner of platform.hpp: one
/// interface, one source file per system (platform_sockets_posix.cpp,
/// platform_sockets_windows.cpp).
#pragma once

#include <patchbay/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace patchbay::plugins::platform {

/// Where and how to listen, in the words of `patchbay_listen_options`.
struct ListenAddress {
    std::string address;
    std::uint16_t port = 0;
    bool ipv6_only = false;
    /// 0 = as many as the system allows.
    std::uint32_t backlog = 0;
    std::uint32_t unix_mode = 0660;
};

/// "127.0.0.1:8000", "[::1]:8000", "unix:/run/x.sock".
[[nodiscard]] std::string listen_text(const std::string& address, std::uint16_t port);

/// The one way to write this address, so that equal ones are equal texts. Fails with
/// `listen.bad_address`.
[[nodiscard]] Result<std::string> canonical_address(const std::string& address);

/// Closes a connected socket that a plugin parked.
void close_socket(std::intptr_t descriptor);

/// Listening sockets with one address. The destructor closes them, and removes the file of a Unix
/// domain socket when it is still theirs.
class ListeningGroup {
  public:
    /// Opens one socket. TCP: nobody else listens on the port, also no other group that shares its
    /// port among its own sockets. Unix: a socket file on which nobody listens any more is
    /// replaced. The address is canonical. Fails with the codes of `patchbay_sockets.listen`.
    [[nodiscard]] static Result<std::unique_ptr<ListeningGroup>> open(const ListenAddress& address);
    ListeningGroup(const ListeningGroup&) = delete;
    ListeningGroup& operator=(const ListeningGroup&) = delete;
    ~ListeningGroup();

    /// Makes them `count`, if they are fewer: TCP with a queue for each, Unix with one for all. On
    /// failure they are as many as before.
    [[nodiscard]] Result<void> grow(std::size_t count);
    /// Clients are refused from now on; the descriptors stay valid.
    void stop_listening();

    [[nodiscard]] const std::vector<std::intptr_t>& descriptors() const { return descriptors_; }
    /// 0 for a Unix domain socket.
    [[nodiscard]] std::uint16_t port() const { return address_.port; }
    [[nodiscard]] std::string text() const { return listen_text(address_.address, address_.port); }

  private:
    struct File;
    explicit ListeningGroup(ListenAddress address);
    Result<void> add_socket();

    ListenAddress address_;
    std::vector<std::intptr_t> descriptors_;
    std::unique_ptr<File> file_;
};

}  // namespace patchbay::plugins::platform
