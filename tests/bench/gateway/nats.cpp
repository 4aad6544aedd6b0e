// SPDX-License-Identifier: Apache-2.0
#include "nats.hpp"

#include "sockets.hpp"

#include <charconv>
#include <cstdio>
#include <string>

namespace bench {

namespace {

constexpr std::string_view line_end = "\r\n";

void wait_for(int socket, std::string_view end) {
    std::string bytes;
    do {
        receive_more(socket, bytes);
    } while (!bytes.ends_with(end));
}

int connected_client(std::uint16_t port) {
    const int socket = connected_socket(port);
    wait_for(socket, line_end);  // INFO
    send_all(socket, "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPING\r\n");
    wait_for(socket, "PONG\r\n");
    return socket;
}

class NatsPairs final : public Wire {
  public:
    NatsPairs(std::uint16_t port, std::size_t content) : port_(port), content_(content) {}

    Channel open(std::size_t index) override {
        const std::string subject = "pair." + std::to_string(index);
        const int receiver = connected_client(port_);
        send_all(receiver, "SUB " + subject + " 1\r\nPING\r\n");
        wait_for(receiver, "PONG\r\n");
        // As ours, each has a number of its own.
        std::string text = "PUB " + subject + " " + std::to_string(content_) + "\r\n";
        text += NumberedMessage::placeholder;
        text += std::string(content_ - NumberedMessage::placeholder.size(), 'x');
        text += line_end;
        return {connected_client(port_), receiver, NumberedMessage::plain(text)};
    }

    Arrived take(std::string_view& bytes, int socket) override {
        Arrived arrived;
        for (;;) {
            const std::size_t end = bytes.find(line_end);
            if (end == std::string_view::npos) {
                return arrived;
            }
            const std::string_view line = bytes.substr(0, end);
            std::size_t whole = end + line_end.size();
            if (line.starts_with("MSG ")) {
                std::size_t size = 0;
                const char* const number = line.data() + line.rfind(' ') + 1;
                std::from_chars(number, line.data() + line.size(), size);
                whole += size + line_end.size();
                if (bytes.size() < whole) {
                    return arrived;
                }
                ++(size == content_ ? arrived.messages : arrived.refusals);
            } else if (line == "PING") {
                send_all(socket, "PONG\r\n");
            } else {
                std::fprintf(stderr, "refused: %.*s\n", static_cast<int>(line.size()), line.data());
                ++arrived.refusals;
            }
            bytes.remove_prefix(whole);
        }
    }

  private:
    std::uint16_t port_;
    std::size_t content_;
};

}  // namespace

std::unique_ptr<Wire> nats_pairs(std::uint16_t port, std::size_t content) {
    return std::make_unique<NatsPairs>(port, content);
}

}  // namespace bench
