// SPDX-License-Identifier: Apache-2.0
/// \file
/// The load of all servers: one thread, raw sockets and epoll.
///
/// usage: load messages WIRE PORT CHANNELS IN_FLIGHT SECONDS CONTENT
///        load idle agents|sockets PORT COUNT SECONDS
///
/// WIRE is json-echo or envelope-echo (our gateway), json-frames or envelope-frames (a server that
/// echoes everything), json-pairs or envelope-pairs (our gateway), or nats.
#include "agents.hpp"
#include "idle_agents.hpp"
#include "messages.hpp"
#include "nats.hpp"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace {

std::unique_ptr<bench::Wire> wire(std::string_view name, std::uint16_t port, std::size_t content) {
    const bench::Form form =
        name.starts_with("envelope-") ? bench::Form::envelope : bench::Form::json;
    if (name == "nats") {
        return bench::nats_pairs(port, content);
    }
    if (name.ends_with("-echo")) {
        return bench::agent_echo(port, form, content);
    }
    if (name.ends_with("-frames")) {
        return bench::plain_echo(port, form, content);
    }
    if (name.ends_with("-pairs")) {
        return bench::agent_pairs(port, form, content);
    }
    return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
    const auto number = [&](int index) {
        return static_cast<std::size_t>(std::strtoull(argv[index], nullptr, 10));
    };
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "messages" && argc == 8) {
        const auto port = static_cast<std::uint16_t>(number(3));
        constexpr std::size_t smallest_content = 32;
        if (const auto made = wire(argv[2], port, number(7));
            made && number(4) > 0 && number(5) > 0 && number(7) >= smallest_content) {
            std::puts(
                bench::measure_messages(*made, number(4), number(5), std::atof(argv[6])).c_str());
            return 0;
        }
    } else if (what == "idle" && argc == 6) {
        const auto kind =
            std::string_view(argv[2]) == "agents" ? bench::Idle::agents : bench::Idle::sockets;
        bench::hold_idle(kind, static_cast<std::uint16_t>(number(3)), number(4),
                         std::atof(argv[5]));
        return 0;
    }
    std::fputs(
        "usage: load messages WIRE PORT CHANNELS IN_FLIGHT SECONDS CONTENT\n"
        "       load idle agents|sockets PORT COUNT SECONDS\n",
        stderr);
    return 2;
}
