// SPDX-License-Identifier: Apache-2.0
/// \file
/// The limit for an HTTP client: raw sockets, one request in flight on each, one read, one look for
/// the end of the head and one write per request. It is no client: it takes every read for one
/// whole answer, which holds for nginx's `return 200` on loopback, and has no time limits.
///
/// usage: epoll_client PORT CONNECTIONS SECONDS PATH
#include "../shared/measurement.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using bench::Measurement;

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(1);
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
        give_up("connect");
    }
    return socket;
}

struct Connection {
    int socket = -1;
    Measurement::Clock::time_point sent;
};

void ask(Connection& connection, const std::string& request, Measurement::Clock::time_point now) {
    connection.sent = now;
    if (::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
        give_up("send");
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: epoll_client PORT CONNECTIONS SECONDS PATH\n");
        return 2;
    }
    const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    std::vector<Connection> connections(static_cast<std::size_t>(std::atoi(argv[2])));
    const std::string request = "GET " + std::string(argv[4]) +
                                " HTTP/1.1\r\nHost: 127.0.0.1:" + std::string(argv[1]) + "\r\n\r\n";
    const int events = ::epoll_create1(EPOLL_CLOEXEC);
    for (Connection& connection : connections) {
        connection.socket = connected_socket(port);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &connection;
        if (::epoll_ctl(events, EPOLL_CTL_ADD, connection.socket, &event) != 0) {
            give_up("epoll_ctl");
        }
    }

    Measurement measurement(std::atof(argv[3]));
    auto now = Measurement::Clock::now();
    for (Connection& connection : connections) {
        ask(connection, request, now);
    }
    std::array<epoll_event, 256> ready{};
    std::array<char, 65536> buffer{};
    while (!measurement.over(now)) {
        const int count = ::epoll_wait(events, ready.data(), static_cast<int>(ready.size()), 100);
        now = Measurement::Clock::now();
        for (int i = 0; i < count; ++i) {
            auto& connection =
                *static_cast<Connection*>(ready[static_cast<std::size_t>(i)].data.ptr);
            const ssize_t size = ::recv(connection.socket, buffer.data(), buffer.size(), 0);
            if (size <= 0) {
                give_up("recv");
            }
            const std::string_view answer(buffer.data(), static_cast<std::size_t>(size));
            if (answer.find("\r\n\r\n") == std::string_view::npos) {
                std::fprintf(stderr, "an answer came in pieces\n");
                return 1;
            }
            now = Measurement::Clock::now();
            measurement.answered(connection.sent, now, answer.substr(0, 13) == "HTTP/1.1 200 ");
            ask(connection, request, now);
        }
    }
    std::puts(measurement.json().c_str());
    return 0;
}
