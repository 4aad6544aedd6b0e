// SPDX-License-Identifier: Apache-2.0
#include "agents.hpp"

#include "sockets.hpp"

#include <patchbay/envelope.hpp>
#include <patchbay/protocols/default.hpp>

#include <unistd.h>

#include <optional>

namespace bench {

namespace {

constexpr std::string_view echo_id = "patchbay/echo:0.1.0";
constexpr std::string_view pairs_protocol_id = "patchbay/bench:0.1.0";

/// Of this process: an earlier run's agents may not have left yet.
std::string agent_name(std::string_view role, std::size_t index) {
    return std::string(role) + "-" + std::to_string(::getpid()) + "-" + std::to_string(index);
}

/// As the real client writes it, with all members that it has.
std::string json_message(std::string_view sender, std::string_view target,
                         std::string_view content) {
    std::string text = R"({"type": "message", "data": {"message_id": "message-)";
    text += NumberedMessage::placeholder;
    text += R"(", "timestamp": 1760000000000, "message_type": "direct_message", "sender_id": ")";
    text += sender;
    text += R"(", "target_agent_id": ")";
    text += target;
    text += R"(", "metadata": {}, "content": )";
    text += content;
    text += R"(, "text_representation": null, "requires_response": false}})";
    return text;
}

/// An envelope after its length.
std::string delimited(const patchbay::EnvelopeView& envelope) {
    const auto encoded = patchbay::encode(envelope);
    if (!encoded) {
        give_up(encoded.error().message);
    }
    std::string out;
    std::size_t size = encoded->size();
    for (; size >= 128; size >>= 7U) {
        out += static_cast<char>(size | 128U);
    }
    out += static_cast<char>(size);
    return out + *encoded;
}

/// A first message of the default protocol, in a dialogue of its own.
std::string default_bytes(std::size_t content) {
    patchbay::protocols::DefaultMessage message;
    message.header.starter_reference = std::string(48, '0');
    message.header.starter_reference += NumberedMessage::placeholder;
    message.header.message_id = 1;
    message.body = patchbay::protocols::DefaultBytes{std::string(content, 'x')};
    auto encoded = patchbay::protocols::encode(message);
    if (!encoded) {
        give_up(encoded.error().message);
    }
    return std::move(*encoded);
}

NumberedMessage echo_message(Form form, std::string_view agent_id, std::size_t content) {
    if (form == Form::json) {
        std::string body = R"({"protocol_id": "fetchai/default:1.0.0", "body": )"
                           R"({"performative": "bytes", "content": ")";
        body += std::string(content, 'x') + "\"}}";
        return NumberedMessage::framed(Opcode::text, json_message(agent_id, echo_id, body));
    }
    const std::string message = default_bytes(content);
    const std::string to = "component:" + std::string(echo_id);
    patchbay::EnvelopeView envelope;
    envelope.to = to;
    envelope.sender = agent_id;
    envelope.protocol_id = patchbay::protocols::default_protocol_id;
    envelope.message = message;
    return NumberedMessage::framed(Opcode::binary, delimited(envelope));
}

/// Counts messages of one of the forms.
class WebSocketWire : public Wire {
  public:
    WebSocketWire(std::uint16_t port, Form form, std::size_t content)
        : port_(port), form_(form), content_(content) {}

    Arrived take(std::string_view& bytes, int socket) override {
        Arrived arrived;
        while (const std::optional<Frame> frame = take_frame(bytes)) {
            if (is_message(*frame)) {
                ++arrived.messages;
            } else if (!answer_ping(*frame, socket)) {
                std::fprintf(stderr, "refused: %.*s\n", static_cast<int>(frame->payload.size()),
                             frame->payload.data());
                ++arrived.refusals;
            }
        }
        return arrived;
    }

  protected:
    std::uint16_t port_;
    Form form_;
    std::size_t content_;

  private:
    [[nodiscard]] bool is_message(const Frame& frame) const {
        if (frame.payload.size() < content_) {
            return false;
        }
        return form_ == Form::envelope ? frame.opcode == Opcode::binary
                                       : frame.payload.starts_with(R"({"type": "message")");
    }
};

class AgentEcho final : public WebSocketWire {
  public:
    using WebSocketWire::WebSocketWire;
    Channel open(std::size_t index) override {
        const std::string agent_id = agent_name("echo", index);
        const int socket = registered_agent(port_, agent_id, form_);
        return {socket, socket, echo_message(form_, agent_id, content_)};
    }
};

class PlainEcho final : public WebSocketWire {
  public:
    using WebSocketWire::WebSocketWire;
    Channel open(std::size_t index) override {
        const int socket = connected_socket(port_);
        upgrade(socket, {});
        return {socket, socket, echo_message(form_, agent_name("echo", index), content_)};
    }
};

class AgentPairs final : public WebSocketWire {
  public:
    using WebSocketWire::WebSocketWire;
    Channel open(std::size_t index) override {
        const std::string from = agent_name("from", index);
        const std::string to = agent_name("to", index);
        return {registered_agent(port_, from, form_), registered_agent(port_, to, form_),
                message(from, to)};
    }

  private:
    [[nodiscard]] NumberedMessage message(std::string_view from, std::string_view to) const {
        if (form_ == Form::json) {
            constexpr std::string_view begin = R"({"text": ")";
            constexpr std::string_view end = R"("})";
            const std::string text(content_ - begin.size() - end.size(), 'x');
            return NumberedMessage::framed(
                Opcode::text, json_message(from, to, std::string(begin) + text + std::string(end)));
        }
        const std::string bytes(content_, 'x');
        patchbay::EnvelopeView envelope;
        envelope.to = to;
        envelope.sender = from;
        envelope.protocol_id = pairs_protocol_id;
        envelope.message = bytes;
        return NumberedMessage::framed(Opcode::binary, delimited(envelope));
    }
};

}  // namespace

int registered_agent(std::uint16_t port, std::string_view agent_id, Form form) {
    const int socket = connected_socket(port);
    upgrade(socket, form == Form::envelope ? "patchbay.envelope.v1" : "");
    std::string request =
        R"({"type": "system_request", "command": "register_agent", "agent_id": ")";
    request += agent_id;
    request += R"(", "metadata": {"name": "load"}})";
    std::string frame;
    append_frame(frame, Opcode::text, request);
    send_all(socket, frame);
    const std::string answer = next_message(socket);
    if (answer.find(R"("success": true)") == std::string::npos) {
        give_up("an agent was not registered: " + answer);
    }
    return socket;
}

bool answer_ping(const Frame& frame, int socket) {
    std::string answer;
    if (frame.opcode == Opcode::ping) {
        append_frame(answer, Opcode::pong, frame.payload);
        send_all(socket, answer);
        return true;
    }
    constexpr std::string_view timestamp = R"("timestamp": )";
    const std::size_t at = frame.payload.find(timestamp);
    if (frame.opcode != Opcode::text || at == std::string_view::npos ||
        frame.payload.find(R"("system_request")") == std::string_view::npos ||
        frame.payload.find(R"("ping_agent")") == std::string_view::npos) {
        return false;
    }
    const std::string_view value = frame.payload.substr(at + timestamp.size());
    std::string pong =
        R"({"type": "system_response", "command": "ping_agent", "success": true, "timestamp": )";
    pong += value.substr(0, value.find_first_of(",}"));
    pong += '}';
    append_frame(answer, Opcode::text, pong);
    send_all(socket, answer);
    return true;
}

std::unique_ptr<Wire> agent_echo(std::uint16_t port, Form form, std::size_t content) {
    return std::make_unique<AgentEcho>(port, form, content);
}

std::unique_ptr<Wire> plain_echo(std::uint16_t port, Form form, std::size_t content) {
    return std::make_unique<PlainEcho>(port, form, content);
}

std::unique_ptr<Wire> agent_pairs(std::uint16_t port, Form form, std::size_t content) {
    return std::make_unique<AgentPairs>(port, form, content);
}

}  // namespace bench
