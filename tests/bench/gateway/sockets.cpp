// SPDX-License-Identifier: Apache-2.0
#include "sockets.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {

void give_up(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::exit(1);
}

void give_up_with_errno(const char* what) {
    give_up(std::string(what) + ": " + std::strerror(errno));
}

int connected_socket(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (socket < 0 ||
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
        give_up_with_errno("connect");
    }
    return socket;
}

void send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            give_up_with_errno("send");
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void receive_more(int socket, std::string& bytes) {
    pollfd waiting{socket, POLLIN, 0};
    if (::poll(&waiting, 1, 10'000) != 1) {
        give_up("the server does not answer");
    }
    std::array<char, 16384> buffer{};
    const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (size <= 0) {
        give_up("the server closed a connection");
    }
    bytes.append(buffer.data(), static_cast<std::size_t>(size));
}

}  // namespace bench
