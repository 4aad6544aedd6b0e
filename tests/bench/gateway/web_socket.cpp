// SPDX-License-Identifier: Apache-2.0
#include "web_socket.hpp"

#include "sockets.hpp"

namespace bench {

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
    out += static_cast<char>(0x80U | static_cast<unsigned>(opcode));
    if (payload.size() < 126) {
        out += static_cast<char>(0x80U | payload.size());
    } else if (payload.size() < 65536) {
        out += '\xfe';
        out += static_cast<char>(payload.size() >> 8U);
        out += static_cast<char>(payload.size() & 255U);
    } else {
        give_up("the load's messages are shorter than 64 KiB");
    }
    out.append(mask_key.data(), mask_key.size());
    for (std::size_t i = 0; i < payload.size(); ++i) {
        out += static_cast<char>(payload[i] ^ mask_key[i & 3U]);
    }
}

std::optional<Frame> take_frame(std::string_view& bytes) {
    if (bytes.size() < 2) {
        return std::nullopt;
    }
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    std::size_t head = 2;
    std::size_t size = byte(1);
    if (size >= 126) {
        const std::size_t digits = size == 126 ? 2 : 8;
        head += digits;
        if (bytes.size() < head) {
            return std::nullopt;
        }
        size = 0;
        for (std::size_t i = 2; i < head; ++i) {
            size = size << 8U | byte(i);
        }
    }
    if (bytes.size() - head < size) {
        return std::nullopt;
    }
    const Frame frame{static_cast<Opcode>(byte(0) & 15U), bytes.substr(head, size)};
    bytes.remove_prefix(head + size);
    return frame;
}

void upgrade(int socket, std::string_view subprotocol) {
    std::string request =
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: cGF0Y2hiYXktYmVuY2gtMQ==\r\nSec-WebSocket-Version: 13\r\n";
    if (!subprotocol.empty()) {
        request += "Sec-WebSocket-Protocol: " + std::string(subprotocol) + "\r\n";
    }
    send_all(socket, request + "\r\n");
    std::string answer;
    do {
        receive_more(socket, answer);
    } while (!answer.ends_with("\r\n\r\n"));  // nobody speaks before the client does
    if (!answer.starts_with("HTTP/1.1 101 ") || answer.find(subprotocol) == std::string::npos) {
        give_up("no upgrade to WebSocket: " + answer);
    }
}

std::string next_message(int socket) {
    std::string bytes;
    for (;;) {
        receive_more(socket, bytes);
        std::string_view rest = bytes;
        while (const std::optional<Frame> frame = take_frame(rest)) {
            if (frame->opcode == Opcode::ping) {
                std::string pong;
                append_frame(pong, Opcode::pong, frame->payload);
                send_all(socket, pong);
                continue;
            }
            if (frame->opcode == Opcode::close || !rest.empty()) {
                give_up("not one message came: " + bytes);
            }
            return std::string(frame->payload);
        }
        bytes.assign(rest);
    }
}

}  // namespace bench
