// SPDX-License-Identifier: Apache-2.0
/// \file
/// A client for the tests of listening sockets.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>

namespace patchbay::plugins::test {

/// Connects on construction. The system does it without waiting for somebody to accept.
class SocketClient {
  public:
    /// 127.0.0.1
    explicit SocketClient(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connect(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    }
    explicit SocketClient(const std::string& path)
        : descriptor_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof(address.sun_path) - 1);
        connect(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    }
    SocketClient(const SocketClient&) = delete;
    SocketClient& operator=(const SocketClient&) = delete;
    ~SocketClient() { ::close(descriptor_); }

    /// 0, or what the system said.
    [[nodiscard]] int error() const { return error_; }

  private:
    void connect(const sockaddr* address, socklen_t size) {
        error_ = ::connect(descriptor_, address, size) == 0 ? 0 : errno;
    }
    int descriptor_;
    int error_ = 0;
};

/// Accepts and closes what waits; their number. Does not return where the socket blocks.
inline int accept_all(std::intptr_t descriptor) {
    int count = 0;
    for (int client = 0;
         (client = ::accept(static_cast<int>(descriptor), nullptr, nullptr)) >= 0;) {
        ::close(client);
        ++count;
    }
    return count;
}

}  // namespace patchbay::plugins::test
