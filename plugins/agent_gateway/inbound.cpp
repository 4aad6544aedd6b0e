// SPDX-License-Identifier: Apache-2.0
#include "inbound.hpp"

#include "frames/envelope_body.hpp"
#include "frames/envelope_frame.hpp"
#include "frames/json_text.hpp"
#include "gateway_lane.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::agent_gateway {

namespace {

/// The message of ours that an answer answers: it began the dialogue with its own id.
std::string_view answered_id(const std::optional<protocols::MessageView>& header) {
    return header && header->message_id < 0 ? header->starter_reference : std::string_view();
}

/// An envelope, whose `dialogue_of` is told, as a message: `content` tells the protocol, both ends
/// and the body.
void write_message(std::string& out, const EnvelopeView& envelope,
                   const std::optional<protocols::MessageView>& dialogue, std::string_view id,
                   std::string_view agent_id, std::int64_t time, bool wants_answer) {
    // Names and what stands around them are written as they are: this is done for every envelope.
    const auto text = [&out](std::string_view before, std::string_view value) {
        out += before;
        append_json_string(out, value);
    };
    out = message_frame_begin;
    text(R"({"message_id": )", id);
    out += R"(, "timestamp": )";
    out += std::to_string(time);
    text(R"(, "message_type": "direct_message", "sender_id": )", envelope.sender);
    text(R"(, "target_agent_id": )", agent_id);
    text(R"(, "metadata": {}, "content": {"protocol_id": )", envelope.protocol_id);
    text(R"(, "to": )", envelope.to);
    text(R"(, "sender": )", envelope.sender);
    out += R"(, "body": )";
    append_body_json(out, envelope.protocol_id, envelope.message, dialogue);
    out += R"(}, "text_representation": null, "requires_response": )";
    out += wants_answer ? "true" : "false";
    if (const std::string_view answered = answered_id(dialogue); !answered.empty()) {
        text(R"(, "in_reply_to": )", answered);
    }
    out += '}';
    out += message_frame_end;
}

/// More is given back after the message that needed it.
constexpr std::size_t kept_frame_size = std::size_t{64} << 10U;

}  // namespace

Inbound::Inbound(GatewayLane& lane)
    : lane_(lane), waiting_(*this, "envelope-" + std::to_string(lane.lane().index()) + "-") {}

Inbound::~Inbound() = default;

void Inbound::fail(std::uint64_t token, std::string code, std::string text) {
    lane_.lane().complete(token, failure(ErrorClass::failed, std::move(code), std::move(text)));
}

// ---- Envelopes ----------------------------------------------------------------------------------

void Inbound::take(const TakenEnvelope& envelope) {
    const std::string_view id = envelope.agent().empty() ? envelope.to() : envelope.agent();
    AgentSocket* const receiver = lane_.find_agent(id);
    if (receiver == nullptr) {
        fail(envelope.token(), "agent_gateway.no_such_agent",
             "Agent '" + std::string(id) + "' is not connected here.");
    } else if (envelope.protocol_id() == agent_message_protocol_id) {
        take_message(*receiver, envelope);
    } else {
        take_other(*receiver, envelope);
    }
}

/// A message of an agent of another lane or transport, or of a connection that writes them.
void Inbound::take_message(AgentSocket& receiver, const TakenEnvelope& envelope) {
    if (receiver.speaks_envelopes()) {
        const Sent sent =
            lane_.routing().hand_over(receiver, {}, envelope.message(), envelope.sender());
        if (sent != Sent::queued) {
            fail(envelope.token(), "agent_gateway.agent_too_slow",
                 "The agent does not read what is sent to it.");
            return;
        }
        lane_.complete_later(envelope.token());
        return;
    }
    std::string padded(envelope.message());
    padded.reserve(padded.size() + simdjson::SIMDJSON_PADDING);
    FrameProblem problem;
    const std::optional<JsonElement> data = lane_.frames().parse(padded, problem);
    std::optional<AgentMessage> message = data ? read_message(*data, problem) : std::nullopt;
    if (!message) {
        fail(envelope.token(), "agent_gateway.bad_message",
             "The message is refused: " + std::string(problem.text) + ".");
        return;
    }
    if (message->sender_id != envelope.sender() ||
        (message->kind != MessageKind::broadcast && message->target != receiver.agent_id())) {
        // Who it is from and for, the envelope says.
        message->sender_id = envelope.sender();
        message->target = receiver.agent_id();
        message->needs_rewriting = true;
    }
    const std::string id =
        message->message_id.empty() ? lane_.routing().new_message_id() : std::string();
    const std::string text = message->needs_rewriting ? rewritten(*message, {id, lane_.wall_ms()})
                                                      : std::string(envelope.message());
    if (receiver.send_text(message_frame(text)) != Sent::queued) {
        fail(envelope.token(), "agent_gateway.agent_too_slow",
             "The agent does not read what is sent to it.");
        return;
    }
    lane_.complete_later(envelope.token());
}

Waiting* Inbound::remember(AgentSocket& receiver, const TakenEnvelope& envelope,
                           const std::optional<protocols::MessageView>& header, bool is_request) {
    const Limits& limits = lane_.shared().options.limits;
    if (is_request && receiver.waiting_answers >= limits.pending_answers) {
        return nullptr;
    }
    Waiting* const waiting = is_request ? waiting_.add_request() : &waiting_.add_answerable();
    if (waiting == nullptr) {
        return nullptr;
    }
    waiting->connection = receiver.connection();
    waiting->token = is_request ? envelope.token() : 0;
    waiting->origin = envelope.abi().origin;
    waiting->hops = envelope.hops();
    waiting->describe(envelope.view(), header);
    if (receiver.speaks_envelopes()) {
        waiting_.index_dialogue(*waiting);
    }
    receiver.waiting_answers += is_request ? 1 : 0;
    lane_.deadlines().queue(limits.answer_time).start(*waiting);
    return waiting;
}

void Inbound::take_other(AgentSocket& receiver, const TakenEnvelope& envelope) {
    const bool wants_answer = expects_answer(envelope.protocol_id(), envelope.message());
    const auto header = dialogue_of(envelope.protocol_id(), envelope.message());
    Waiting* const waiting = remember(receiver, envelope, header, wants_answer);
    if (waiting == nullptr) {
        lane_.lane().complete(
            envelope.token(),
            failure(ErrorClass::overloaded, "agent_gateway.too_many_pending",
                    "The agent has too many requests that it did not answer yet."));
        return;
    }
    Sent sent = Sent::closed;
    if (receiver.speaks_envelopes()) {
        frame_.clear();
        append_envelope_for_agent(frame_, envelope.view());
        sent = receiver.send_binary(frame_);
    } else {
        id_.clear();
        waiting_.append_id(id_, *waiting);
        write_message(frame_, envelope.view(), header, id_, receiver.agent_id(), lane_.wall_ms(),
                      wants_answer);
        sent = receiver.send_text(frame_);
    }
    trim_frame();
    if (sent == Sent::queued) {
        if (!wants_answer) {
            lane_.complete_later(envelope.token());
        }
        return;
    }
    // A socket that was closed has taken its waiting envelopes with it.
    if (sent == Sent::dropped) {
        waiting->token = 0;
        forget(*waiting, {}, {});
    }
    if (sent == Sent::dropped || !wants_answer) {
        fail(envelope.token(), "agent_gateway.agent_too_slow",
             "The agent does not read what is sent to it.");
    }
}

Sent Inbound::tell(AgentSocket& receiver, const EnvelopeView& envelope) {
    const auto header = dialogue_of(envelope.protocol_id, envelope.message);
    write_message(frame_, envelope, header, lane_.routing().new_message_id(), receiver.agent_id(),
                  lane_.wall_ms(), false);
    const Sent sent = receiver.send_text(frame_);
    trim_frame();
    return sent;
}

void Inbound::trim_frame() noexcept {
    if (frame_.capacity() > kept_frame_size) {
        frame_ = std::string();
    }
}

void Inbound::cancel(std::uint64_t token) {
    waiting_.each_request([&](Waiting& waiting) {
        if (waiting.token == token) {
            forget(waiting, "agent_gateway.cancelled",
                   "The host does not want the answer any more.");
        }
    });
}

// ---- Answers ------------------------------------------------------------------------------------

bool Inbound::is_waiting_id(std::string_view id) const noexcept {
    return waiting_.is_id(id);
}

void Inbound::answer(AgentSocket& socket, const AgentMessage& message) {
    Waiting* const found = waiting_.find(message.in_reply_to);
    if (found == nullptr || found->connection != socket.connection()) {
        lane_.routing().refuse_message(socket, message.message_id, "not_waiting",
                                       "Nobody waits for that answer (any more)");
        return;
    }
    Waiting& waiting = *found;
    JsonElement body;
    if (!message.content || message.content->at_key("body").get(body) != simdjson::SUCCESS ||
        message.content->at_key("protocol_id").error() != simdjson::SUCCESS) {
        if (!message.content) {
            lane_.routing().refuse_message(socket, message.message_id, "invalid_message",
                                           "content is missing");
            return;
        }
        body = *message.content;  // the short form: the body alone
    }
    const std::string reference = lane_.routing().nonces().next();
    const protocols::DialogueHeader header = answer_header(waiting.header(), reference);
    const auto encoded = encode_body(waiting.protocol_id(), body, protocols::view_of(header, {}));
    if (!encoded) {
        lane_.routing().refuse_message(socket, message.message_id, "invalid_message",
                                       encoded.error().message);
        return;
    }
    EnvelopeView content;
    content.message = *encoded;
    if (!deliver_answer(socket, waiting, content)) {
        lane_.routing().refuse_message(socket, message.message_id, "overloaded",
                                       "The host has no memory left");
    }
}

bool Inbound::answer(AgentSocket& socket, const EnvelopeView& envelope) {
    const auto header = dialogue_of(envelope.protocol_id, envelope.message);
    if (header && header->message_id == 1 && header->target == 0) {
        return false;  // the first message of a dialogue answers nothing
    }
    Waiting* const found =
        waiting_.find_by_dialogue(socket.connection(), envelope.to, envelope.protocol_id,
                                  header ? header->starter_reference : std::string_view());
    if (found == nullptr) {
        return false;
    }
    if (!deliver_answer(socket, *found, envelope)) {
        lane_.routing().refuse_message(socket, {}, "overloaded", "The host has no memory left");
    }
    return true;
}

bool Inbound::deliver_answer(AgentSocket& socket, Waiting& waiting, const EnvelopeView& content) {
    Outgoing outgoing;
    outgoing.content = content;
    outgoing.content.to = waiting.sender();
    outgoing.content.sender = waiting.to();
    outgoing.content.protocol_id = waiting.protocol_id();
    outgoing.reply_to = waiting.origin;
    outgoing.parent = waiting.token;
    outgoing.hops = waiting.hops;
    outgoing.connection = socket.connection();
    if (!lane_.routing().add(outgoing)) {
        return false;
    }
    lane_.shared().counters.answers.add();
    waiting.token = 0;  // it is completed with the answer
    forget(waiting, {}, {});
    return true;
}

// ---- The end ------------------------------------------------------------------------------------

void Inbound::on_waiting_time_up(Waiting& waiting) noexcept {
    forget(waiting, "agent_gateway.no_answer", "The agent did not answer in time.");
}

void Inbound::forget(Waiting& waiting, std::string_view code, std::string_view text) noexcept {
    if (waiting.token != 0) {
        lane_.shared().counters.unanswered.add();
        fail(waiting.token, std::string(code), std::string(text));
    }
    if (waiting.is_request()) {
        if (AgentSocket* const socket = lane_.find_connection(waiting.connection)) {
            --socket->waiting_answers;
        }
    }
    waiting_.remove(waiting);
}

void Inbound::agent_left(AgentSocket& socket) noexcept {
    if (socket.waiting_answers == 0) {
        return;
    }
    waiting_.each_request([&](Waiting& waiting) {
        if (waiting.connection == socket.connection()) {
            forget(waiting, "agent_gateway.agent_left",
                   "The agent's connection ended before it answered.");
        }
    });
}

void Inbound::give_up() noexcept {
    waiting_.each_request([&](Waiting& waiting) {
        forget(waiting, "agent_gateway.closing", "The gateway is closing.");
    });
}

}  // namespace patchbay::agent_gateway
