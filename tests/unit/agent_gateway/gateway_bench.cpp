// SPDX-License-Identifier: Apache-2.0
#include "gateway_bench.hpp"

#include "agent_gateway_connection.hpp"
#include "client_frames.hpp"

#include <patchbay/registration.hpp>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace patchbay::agent_gateway::test {

namespace {

constexpr patchbay_class gateway_class =
    connection_class<AgentGatewayConnection>("AgentGatewayConnection");
constexpr timeval patience{20, 0};

testing::HostOptions options_for(const Json& config, const void* identity, std::uint32_t lanes) {
    Json whole = {{"host", "127.0.0.1"}, {"port", 0}, {"lanes", lanes}};
    whole.update(config);
    testing::HostOptions options;
    options.config_json = whole.dump();
    options.component_id = std::string(GatewayBench::component_id);
    options.lane_limit = lanes;
    options.extensions[PATCHBAY_IDENTITY_EXTENSION] = identity;
    return options;
}

net::Descriptor connected(std::uint16_t port) {
    net::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw std::system_error(errno, std::generic_category(), "connect");
    }
    return socket;
}

}  // namespace

std::uint16_t Received::close_code() const {
    if (opcode != websocket::Opcode::close || payload.size() < 2) {
        return 0;
    }
    return static_cast<std::uint16_t>((static_cast<unsigned char>(payload[0]) << 8U) |
                                      static_cast<unsigned char>(payload[1]));
}

// ---- Agents -------------------------------------------------------------------------------------

AgentClient::AgentClient(std::uint16_t port, std::string_view more_headers, bool handshake)
    : stream_(connected(port)) {
    if (!handshake) {
        return;
    }
    send_raw(
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
        std::string(more_headers) + "\r\n");
    std::size_t end = std::string::npos;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
        if (!read_more()) {
            throw std::runtime_error("no handshake: " + received_);
        }
    }
    handshake_ = received_.substr(0, end + 4);
    received_.erase(0, end + 4);
}

bool AgentClient::read_more() {
    std::array<char, 65536> buffer;  // NOLINT: filled by the system
    const net::IoResult got = stream_.read_some(buffer.data(), buffer.size());
    if (got.state == net::IoState::want_read) {
        throw std::runtime_error("the gateway sends nothing");
    }
    if (got.state != net::IoState::done) {
        return false;
    }
    received_.append(buffer.data(), got.size);
    return true;
}

void AgentClient::send_raw(std::string_view bytes) {
    while (!bytes.empty()) {
        const net::IoResult sent = stream_.write_some(bytes.data(), bytes.size());
        if (sent.state != net::IoState::done) {
            return;  // what the gateway said instead can be read
        }
        bytes.remove_prefix(sent.size);
    }
}

void AgentClient::send(const Json& frame) {
    send_text(frame.dump());
}

void AgentClient::send_text(std::string_view text) {
    send_raw(client_frame(websocket::Opcode::text, text));
}

void AgentClient::send_binary(std::string_view bytes) {
    send_raw(client_frame(websocket::Opcode::binary, bytes));
}

Received AgentClient::receive() {
    while (true) {
        const auto byte = [this](std::size_t i) {
            return static_cast<std::size_t>(static_cast<unsigned char>(received_[i]));
        };
        std::size_t head = 2;
        std::size_t length = 0;
        if (received_.size() >= 2) {
            length = byte(1);
            const std::size_t width = length == 126 ? 2 : length == 127 ? 8 : 0;
            head += width;
            if (width != 0 && received_.size() >= head) {
                length = 0;
                for (std::size_t i = 0; i < width; ++i) {
                    length = (length << 8U) | byte(2 + i);
                }
            }
        }
        if (received_.size() >= head && received_.size() - head >= length) {
            Received frame;
            frame.opcode = static_cast<websocket::Opcode>(byte(0) & 0x0FU);
            frame.compressed = (byte(0) & 0x40U) != 0;
            frame.payload = received_.substr(head, length);
            received_.erase(0, head + length);
            return frame;
        }
        if (!read_more()) {
            return {};
        }
    }
}

Json AgentClient::receive_json() {
    const Received frame = receive();
    if (frame.opcode != websocket::Opcode::text) {
        throw std::runtime_error("not a text frame, but " +
                                 std::to_string(static_cast<int>(frame.opcode)) + ": " +
                                 frame.payload);
    }
    return Json::parse(frame.payload);
}

Json AgentClient::ask(const Json& frame) {
    send(frame);
    return receive_json();
}

std::string AgentClient::receive_all() {
    while (read_more()) {
    }
    return std::exchange(received_, std::string());
}

void AgentClient::register_as(const std::string& id, const Json& more) {
    Json frame = request("register_agent", {{"agent_id", id}, {"metadata", nullptr}});
    frame.update(more);
    const Json answer = ask(frame);
    EXPECT_EQ(answer["command"], "register_agent");
    EXPECT_EQ(answer["success"], true) << answer;
}

bool AgentClient::is_quiet() {
    send_raw(client_frame(websocket::Opcode::ping, "quiet?"));
    const Received frame = receive();
    return frame.opcode == websocket::Opcode::pong && frame.payload == "quiet?";
}

void AgentClient::end() {
    stream_.close();
}

void AgentClient::reset() {
    const linger at_once{1, 0};
    ::setsockopt(stream_.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    stream_.close();
}

// ---- The gateway --------------------------------------------------------------------------------

GatewayBench::GatewayBench(const Json& config, bool openagents_05, std::uint32_t lanes)
    : host_(gateway_class, options_for(config, identity_.table(), lanes)) {
    identity_.attach(host_);
    if (openagents_05) {
        identity_.be_openagents_05();
    }
    if (!host_.creation()) {
        throw std::runtime_error(to_string(host_.creation().error()));
    }
    if (const auto connected = host_.connect(); !connected) {
        throw std::runtime_error(to_string(connected.error()));
    }
}

AgentClient GatewayBench::agent(const std::string& id) const {
    AgentClient client(port());
    client.register_as(id);
    return client;
}

void GatewayBench::advance(std::chrono::nanoseconds time) {
    // A call is answered between the turns: timers count from the present time, and have fired.
    EXPECT_FALSE(host_.call("nothing", ""));
    host_.advance(time);
    EXPECT_FALSE(host_.call("nothing", ""));
}

void GatewayBench::wait_for_metric(const std::string& name, std::int64_t value) const {
    host_.wait_until([&] { return host_.metrics().at(name) == value; }, name);
}

void GatewayBench::wait_until_asked(const std::string& id) const {
    host_.wait_until([&] { return identity_.agents().count(id) != 0; }, id + " to be asked for");
}

void GatewayBench::wait_for_session(const std::string& id, bool wanted) const {
    host_.wait_until([&] { return (identity_.agents().at(id).session != 0) == wanted; },
                     "the session of " + id);
}

Json direct(const std::string& from, const std::string& to, const Json& content) {
    return {{"type", "message"},
            {"data",
             {{"message_id", "m-" + from},
              {"timestamp", 1754590000000},
              {"message_type", "direct_message"},
              {"sender_id", from},
              {"target_agent_id", to},
              {"metadata", Json::object()},
              {"content", content},
              {"requires_response", false}}}};
}

Json request(const std::string& command, const Json& more) {
    Json frame = {{"type", "system_request"}, {"command", command}};
    frame.update(more);
    return frame;
}

}  // namespace patchbay::agent_gateway::test
