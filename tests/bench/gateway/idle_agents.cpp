// SPDX-License-Identifier: Apache-2.0
#include "idle_agents.hpp"

#include "agents.hpp"
#include "sockets.hpp"
#include "web_socket.hpp"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace bench {

namespace {

void ask(int socket, Idle kind) {
    std::string frame;
    append_frame(frame, Opcode::text,
                 kind == Idle::sockets ? R"({"text": "hello"})"
                                       : R"({"type": "system_request", "command": "ping_agent"})");
    send_all(socket, frame);
    std::string message;
    do {  // the server's own question may be under way
        message = next_message(socket);
    } while (answer_ping({Opcode::text, message}, socket));
}

int opened(Idle kind, std::uint16_t port, std::size_t index) {
    if (kind == Idle::agents) {
        return registered_agent(
            port, "idle-" + std::to_string(::getpid()) + "-" + std::to_string(index), Form::json);
    }
    const int socket = connected_socket(port);
    upgrade(socket, {});
    ask(socket, kind);
    return socket;
}

void answer_pings(std::vector<pollfd>& sockets, double seconds) {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                        std::chrono::duration<double>(seconds));
    while (Clock::now() < end) {
        if (::poll(sockets.data(), sockets.size(), 100) <= 0) {
            continue;
        }
        for (const pollfd& socket : sockets) {
            if (socket.revents == 0) {
                continue;
            }
            std::string bytes;
            receive_more(socket.fd, bytes);
            std::string_view rest = bytes;
            while (const std::optional<Frame> frame = take_frame(rest)) {
                if (!answer_ping(*frame, socket.fd)) {
                    give_up("an idle connection got: " + std::string(frame->payload));
                }
            }
        }
    }
}

}  // namespace

void hold_idle(Idle kind, std::uint16_t port, std::size_t count, double seconds) {
    std::vector<pollfd> sockets;
    for (std::size_t i = 0; i < count; ++i) {
        sockets.push_back({opened(kind, port, i), POLLIN, 0});
    }
    std::printf("ready %zu\n", count);
    std::fflush(stdout);
    answer_pings(sockets, seconds);
    for (const pollfd& socket : sockets) {
        ask(socket.fd, kind);
    }
    std::printf("alive %zu\n", count);
}

}  // namespace bench
