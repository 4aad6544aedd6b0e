// SPDX-License-Identifier: Apache-2.0
#include "inbound.hpp"

#include "frames/envelope_body.hpp"
#include "frames/envelope_frame.hpp"
#include "frames/json_text.hpp"
#include "gateway_lane.hpp"

#include <patchbay/public_id.hpp>

#include <algorithm>
#include <utility>

namespace patchbay::agent_gateway {

namespace {

/// The name of an end of an envelope for agents that speak envelopes; see Routing.
std::string wire_name(std::string_view name) {
    std::string text;
    if (is_public_id(name)) {
        text = Routing::component_prefix;
    }
    text += name;
    return text;
}

/// An envelope as a message: `content` tells the protocol, both ends and the body.
std::string message_data(const EnvelopeView& envelope, std::string_view id,
                         std::string_view agent_id, std::int64_t time, bool wants_answer,
                         std::string_view in_reply_to) {
    std::string content = "{";
    append_member(content, "protocol_id", envelope.protocol_id);
    append_member(content, "to", envelope.to);
    append_member(content, "sender", envelope.sender);
    append_raw_member(content, "body", body_json(envelope.protocol_id, envelope.message));
    content += '}';
    std::string data = "{";
    append_member(data, "message_id", id);
    append_member(data, "timestamp", time);
    append_member(data, "message_type", std::string_view("direct_message"));
    append_member(data, "sender_id", envelope.sender);
    append_member(data, "target_agent_id", agent_id);
    append_raw_member(data, "metadata", "{}");
    append_raw_member(data, "content", content);
    append_raw_member(data, "text_representation", "null");
    append_member(data, "requires_response", wants_answer);
    if (!in_reply_to.empty()) {
        append_member(data, "in_reply_to", in_reply_to);
    }
    data += '}';
    return data;
}

/// The message of ours that an answer answers: it began the dialogue with its own id.
std::string_view answered_id(const std::optional<protocols::DialogueHeader>& header) {
    return header && header->message_id < 0 ? std::string_view(header->starter_reference)
                                            : std::string_view();
}

}  // namespace

Inbound::Inbound(GatewayLane& lane)
    : lane_(lane), prefix_("envelope-" + std::to_string(lane.lane().index()) + "-") {}

Inbound::~Inbound() = default;

void Inbound::fail(std::uint64_t token, std::string code, std::string text) {
    lane_.lane().complete(token, failure(ErrorClass::failed, std::move(code), std::move(text)));
}

// ---- Envelopes ----------------------------------------------------------------------------------

void Inbound::take(const TakenEnvelope& envelope) {
    lane_.shared().counters.envelopes_in.add();
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
        const Sent sent = lane_.routing().hand_over(receiver, {}, envelope.message(),
                                                    wire_name(envelope.sender()));
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

bool Inbound::may_wait(const AgentSocket& receiver) const {
    return waiting_.size() < waiting_bound &&
           receiver.waiting_answers < lane_.shared().options.limits.pending_answers;
}

Inbound::Waiting* Inbound::remember(AgentSocket& receiver, const TakenEnvelope& envelope,
                                    bool keeps_token) {
    Waiting& waiting = waiting_.emplace_back(*this);
    waiting.place = std::prev(waiting_.end());
    waiting.connection = receiver.connection();
    waiting.token = keeps_token ? envelope.token() : 0;
    waiting.id = prefix_ + std::to_string(++ids_);
    waiting.to = envelope.to();
    waiting.sender = envelope.sender();
    waiting.protocol_id = envelope.protocol_id();
    waiting.origin = envelope.abi().origin;
    waiting.hops = envelope.hops();
    by_id_.emplace(waiting.id, &waiting);
    ++receiver.waiting_answers;
    lane_.deadlines().queue(lane_.shared().options.limits.answer_time).start(waiting);
    return &waiting;
}

void Inbound::take_other(AgentSocket& receiver, const TakenEnvelope& envelope) {
    const bool wants_answer = expects_answer(envelope.protocol_id(), envelope.message());
    if (wants_answer && !may_wait(receiver)) {
        lane_.lane().complete(
            envelope.token(),
            failure(ErrorClass::overloaded, "agent_gateway.too_many_pending",
                    "The agent has too many requests that it did not answer yet."));
        return;
    }
    const auto header = dialogue_of(envelope.protocol_id(), envelope.message());
    std::string id;
    Waiting* waiting = nullptr;
    if (may_wait(receiver)) {
        waiting = remember(receiver, envelope, wants_answer);
        waiting->header = header.value_or(protocols::DialogueHeader());
        id = waiting->id;
    } else {
        id = lane_.routing().new_message_id();
    }
    Sent sent = Sent::closed;
    if (receiver.speaks_envelopes()) {
        const std::string to = wire_name(envelope.to());
        const std::string sender = wire_name(envelope.sender());
        EnvelopeView view = envelope.view();
        view.to = to;
        view.sender = sender;
        std::string bytes;
        append_envelope(bytes, view);
        sent = receiver.send_binary(bytes);
    } else {
        sent = receiver.send_text(
            message_frame(message_data(envelope.view(), id, receiver.agent_id(), lane_.wall_ms(),
                                       wants_answer, answered_id(header))));
    }
    if (sent == Sent::queued) {
        if (!wants_answer) {
            lane_.complete_later(envelope.token());
        }
        return;
    }
    // A socket that was closed has taken its waiting envelopes with it.
    if (sent == Sent::dropped && waiting != nullptr) {
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
    return receiver.send_text(
        message_frame(message_data(envelope, lane_.routing().new_message_id(), receiver.agent_id(),
                                   lane_.wall_ms(), false, answered_id(header))));
}

void Inbound::cancel(std::uint64_t token) {
    const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](const Waiting& waiting) { return waiting.token == token; });
    if (found != waiting_.end()) {
        forget(*found, "agent_gateway.cancelled", "The host does not want the answer any more.");
    }
}

// ---- Answers ------------------------------------------------------------------------------------

bool Inbound::is_waiting_id(std::string_view id) const noexcept {
    return id.starts_with(prefix_);
}

void Inbound::answer(AgentSocket& socket, const AgentMessage& message) {
    const auto found = by_id_.find(message.in_reply_to);
    if (found == by_id_.end() || found->second->connection != socket.connection()) {
        lane_.routing().refuse_message(socket, message.message_id, "not_waiting",
                                       "Nobody waits for that answer (any more)");
        return;
    }
    Waiting& waiting = *found->second;
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
    const auto encoded =
        encode_body(waiting.protocol_id, body, answer_header(waiting.header, reference));
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
    if (socket.waiting_answers == 0) {
        return false;
    }
    const auto header = dialogue_of(envelope.protocol_id, envelope.message);
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) {
        return waiting.connection == socket.connection() && waiting.sender == envelope.to &&
               waiting.protocol_id == envelope.protocol_id &&
               (!header || waiting.header.starter_reference == header->starter_reference);
    });
    if (found == waiting_.end()) {
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
    outgoing.content.to = waiting.sender;
    outgoing.content.sender = waiting.to;
    outgoing.content.protocol_id = waiting.protocol_id;
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

void Inbound::Waiting::on_deadline() noexcept {
    inbound.forget(*this, "agent_gateway.no_answer", "The agent did not answer in time.");
}

void Inbound::forget(Waiting& waiting, std::string_view code, std::string_view text) noexcept {
    if (waiting.token != 0) {
        lane_.shared().counters.unanswered.add();
        fail(waiting.token, std::string(code), std::string(text));
    }
    if (AgentSocket* const socket = lane_.find_connection(waiting.connection)) {
        --socket->waiting_answers;
    }
    by_id_.erase(waiting.id);
    waiting_.erase(waiting.place);
}

void Inbound::agent_left(AgentSocket& socket) noexcept {
    for (auto next = waiting_.begin(); next != waiting_.end() && socket.waiting_answers != 0;) {
        Waiting& waiting = *next++;
        if (waiting.connection == socket.connection()) {
            forget(waiting, "agent_gateway.agent_left",
                   "The agent's connection ended before it answered.");
        }
    }
}

void Inbound::give_up() noexcept {
    while (!waiting_.empty()) {
        forget(waiting_.front(), "agent_gateway.closing", "The gateway is closing.");
    }
}

}  // namespace patchbay::agent_gateway
