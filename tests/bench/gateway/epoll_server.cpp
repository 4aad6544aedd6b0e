// SPDX-License-Identifier: Apache-2.0
/// \file
/// The limit for a WebSocket server: raw sockets, one read, one look at each frame and one write
/// for all that was read. It is no server: it checks nothing, takes a read for whole small frames
/// of which only the last may be cut, and has no time limits.
///
/// usage: epoll_server PORT
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t buffer_size = std::size_t{128} << 10U;

struct Connection {
    bool upgraded = false;
    std::string kept;
};

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(1);
}

int listening_socket(std::uint16_t port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener, 4096) != 0) {
        give_up("listen");
    }
    return listener;
}

std::string upgrade_answer(std::string_view head) {
    constexpr std::string_view name = "Sec-WebSocket-Key: ";
    const std::size_t begin = head.find(name) + name.size();
    std::string key(head.substr(begin, head.find("\r\n", begin) - begin));
    key += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> hash{};
    SHA1(reinterpret_cast<const unsigned char*>(key.data()), key.size(), hash.data());
    std::array<unsigned char, 32> text{};
    EVP_EncodeBlock(text.data(), hash.data(), static_cast<int>(hash.size()));
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           std::string(reinterpret_cast<const char*>(text.data())) + "\r\n\r\n";
}

/// The frames in `bytes`, unmasked, into `out`; returns their size there. `bytes` moves behind
/// them.
std::size_t echo(std::string_view& bytes, char* out) {
    char* end = out;
    while (bytes.size() >= 6) {
        const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
        std::size_t size = byte(1) & 127U;
        std::size_t head = 2;
        if (size == 126) {
            size = static_cast<std::size_t>(byte(2)) << 8U | byte(3);
            head = 4;
        }
        if (bytes.size() < head + 4 + size) {
            break;
        }
        *end++ = bytes[0];
        if (head == 4) {
            *end++ = 126;
            *end++ = bytes[2];
            *end++ = bytes[3];
        } else {
            *end++ = static_cast<char>(size);
        }
        std::array<char, 4> key{};
        std::memcpy(key.data(), bytes.data() + head, key.size());
        const char* const payload = bytes.data() + head + 4;
        std::uint64_t mask = 0;
        std::memcpy(&mask, key.data(), 4);
        mask |= mask << 32U;
        std::size_t i = 0;
        for (; i + 8 <= size; i += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, payload + i, 8);
            word ^= mask;
            std::memcpy(end + i, &word, 8);
        }
        for (; i < size; ++i) {
            end[i] = static_cast<char>(payload[i] ^ key[i & 3U]);
        }
        end += size;
        bytes.remove_prefix(head + 4 + size);
    }
    return static_cast<std::size_t>(end - out);
}

void serve(int socket, Connection& connection, std::vector<char>& in, std::vector<char>& out) {
    std::memcpy(in.data(), connection.kept.data(), connection.kept.size());
    const ssize_t size =
        ::recv(socket, in.data() + connection.kept.size(), in.size() - connection.kept.size(), 0);
    if (size <= 0) {
        ::close(socket);
        connection = {};
        return;
    }
    std::string_view bytes(in.data(), connection.kept.size() + static_cast<std::size_t>(size));
    if (!connection.upgraded) {
        const std::string answer = upgrade_answer(bytes);
        static_cast<void>(::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL));
        connection.upgraded = true;
        return;
    }
    if (const std::size_t echoed = echo(bytes, out.data()); echoed != 0) {
        static_cast<void>(::send(socket, out.data(), echoed, MSG_NOSIGNAL));
    }
    connection.kept.assign(bytes);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: epoll_server PORT\n");
        return 2;
    }
    const int listener = listening_socket(static_cast<std::uint16_t>(std::atoi(argv[1])));
    const int events = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = listener;
    ::epoll_ctl(events, EPOLL_CTL_ADD, listener, &event);
    std::vector<Connection> connections;
    std::vector<char> in(buffer_size);
    std::vector<char> out(buffer_size);
    std::array<epoll_event, 512> ready{};
    for (;;) {
        const int count = ::epoll_wait(events, ready.data(), static_cast<int>(ready.size()), -1);
        for (int i = 0; i < count; ++i) {
            const int socket = ready[static_cast<std::size_t>(i)].data.fd;
            if (socket != listener) {
                serve(socket, connections[static_cast<std::size_t>(socket)], in, out);
                continue;
            }
            int accepted = -1;
            while ((accepted =
                        ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
                const int on = 1;
                ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                connections.resize(
                    std::max(connections.size(), static_cast<std::size_t>(accepted) + 1));
                event.data.fd = accepted;
                ::epoll_ctl(events, EPOLL_CTL_ADD, accepted, &event);
            }
        }
    }
}
