// SPDX-License-Identifier: Apache-2.0
#include "routing.hpp"

#include "frames/envelope_body.hpp"
#include "frames/envelope_frame.hpp"
#include "frames/json_text.hpp"
#include "gateway_lane.hpp"

#include <patchbay/public_id.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace patchbay::agent_gateway {

namespace {

constexpr std::string_view send_command = "send_message";

/// The members of the outer object: with just `type` and `data`, the frame can go on as it came.
bool is_bare(const ClientFrame& frame) {
    return frame.wrapped && simdjson::dom::object(frame.root).size() == 2;
}

std::string_view reason_text(std::uint32_t reason) {
    switch (reason) {
        case PATCHBAY_REASON_NO_ROUTE:
            return "nobody of that name is connected";
        case PATCHBAY_REASON_PROTOCOL_REFUSED:
            return "the receiver does not take that protocol";
        case PATCHBAY_REASON_HOP_LIMIT:
            return "it has passed through too many connections";
        case PATCHBAY_REASON_NOT_CONNECTED:
            return "the receiver is not connected";
        case PATCHBAY_REASON_SHUTDOWN:
            return "the host shuts down";
        default:
            return "the host refused it";
    }
}

}  // namespace

Routing::Routing(GatewayLane& lane) : lane_(lane) {
    batch_.reserve(batch_bound);
    owners_.reserve(batch_bound);
    results_.resize(batch_bound);
}

std::string Routing::new_message_id() {
    // As a random UUID is written.
    std::string id = nonces_.next().substr(0, 32);
    id[12] = '4';
    for (const std::size_t at : {20U, 16U, 12U, 8U}) {
        id.insert(at, 1, '-');
    }
    return id;
}

void Routing::refuse_message(AgentSocket& socket, std::string_view message_id,
                             std::string_view code, std::string_view text) {
    lane_.shared().counters.messages_refused.add();
    std::string more;
    if (!message_id.empty()) {
        more = "{";
        append_member(more, "message_id", message_id);
        more += '}';
    }
    Commands::refuse(socket, send_command, code, text, more);
}

std::string Routing::data_of(const AgentMessage& message) {
    if (!message.needs_rewriting) {
        return json_of(message.data);
    }
    const std::string id = message.message_id.empty() ? new_message_id() : std::string();
    return rewritten(message, {id, lane_.wall_ms()});
}

bool Routing::may_address(std::string_view name) const {
    const auto& list = lane_.shared().options.may_address;
    return std::find(list.begin(), list.end(), name) != list.end();
}

// ---- Messages -----------------------------------------------------------------------------------

void Routing::on_message(AgentSocket& socket, const ClientFrame& frame, std::string_view text) {
    ++new_messages_;
    const bool is_trusted = lane_.shared().settings.is_openagents_05;
    if (socket.is_registered()) {
        lane_.identity().touch(socket.session());
    } else if (!is_trusted) {
        lane_.refuse_stranger(socket);
        return;
    }
    FrameProblem problem{"invalid_message", "The frame has no 'data'"};
    const std::optional<JsonElement> data = frame.wrapped ? frame.data : frame.root;
    const std::optional<AgentMessage> message = data ? read_message(*data, problem) : std::nullopt;
    if (!message) {
        refuse_message(socket, {}, problem.code, problem.text);
        return;
    }
    if (!is_trusted && message->sender_id != socket.agent_id()) {
        refuse_message(socket, message->message_id, "wrong_sender",
                       "sender_id is not the id that is registered here");
        return;
    }
    if (!message->in_reply_to.empty() && lane_.inbound().is_waiting_id(message->in_reply_to)) {
        lane_.inbound().answer(socket, *message);
        return;
    }
    if (message->kind == MessageKind::broadcast) {
        broadcast(socket, frame, *message, text);
        return;
    }
    if (message->kind == MessageKind::mod && message->target.empty()) {
        if (may_address(message->mod)) {
            send_to_component(socket, *message);
        } else {
            refuse_message(socket, message->message_id, "unknown_mod",
                           "No mod of that name is loaded");
        }
        return;
    }
    send_direct(socket, frame, *message, text);
}

void Routing::send_direct(AgentSocket& socket, const ClientFrame& frame,
                          const AgentMessage& message, std::string_view text) {
    if (message.target == message.sender_id) {
        refuse_message(socket, message.message_id, "target_is_sender",
                       "The message is addressed to its sender");
        return;
    }
    if (may_address(message.target)) {
        send_to_component(socket, message);
        return;
    }
    AgentSocket* const receiver = lane_.find_agent(message.target);
    if (receiver == nullptr) {
        send_elsewhere(socket, message);
        return;
    }
    Sent sent = Sent::closed;
    if (!message.needs_rewriting && is_bare(frame) && !receiver->speaks_envelopes()) {
        sent = receiver->send_text(text);
    } else {
        const std::string data = data_of(message);
        sent = hand_over(*receiver, message_frame(data), data, message.sender_id);
    }
    if (sent == Sent::queued) {
        ++new_deliveries_;
    } else {
        refuse_message(socket, message.message_id, "receiver_too_slow",
                       "The receiver does not read what is sent to it");
    }
}

Sent Routing::hand_over(AgentSocket& receiver, std::string_view frame, std::string_view data,
                        std::string_view sender) {
    if (!receiver.speaks_envelopes()) {
        return receiver.send_text(frame);
    }
    EnvelopeView envelope;
    envelope.to = receiver.agent_id();
    envelope.sender = sender;
    envelope.protocol_id = agent_message_protocol_id;
    envelope.message = data;
    std::string bytes;
    append_envelope_for_agent(bytes, envelope);
    return receiver.send_binary(bytes);
}

bool Routing::is_known_elsewhere(AgentSocket& socket, std::string_view target,
                                 std::string_view message_id) {
    if (is_public_id(target)) {
        refuse_message(socket, message_id, "not_allowed", "Agents may not address that connection");
        return false;
    }
    const std::optional<KnownAgent> known = lane_.identity().lookup(target);
    if (!known || !known->is_online) {
        refuse_message(socket, message_id, known ? "agent_offline" : "unknown_agent",
                       known ? "The receiver is not connected" : "No agent of that id is known");
        return false;
    }
    return true;
}

void Routing::send_elsewhere(AgentSocket& socket, const AgentMessage& message) {
    if (!is_known_elsewhere(socket, message.target, message.message_id)) {
        return;
    }
    const std::string data = data_of(message);
    Outgoing envelope;
    envelope.content = {message.target, message.sender_id, agent_message_protocol_id, data};
    envelope.connection = socket.connection();
    envelope.message_id = message.message_id;
    if (!add(envelope)) {
        refuse_message(socket, message.message_id, "overloaded", "The host has no memory left");
    }
}

void Routing::send_to_component(AgentSocket& socket, const AgentMessage& message) {
    const std::string_view target = message.target.empty() ? message.mod : message.target;
    std::string_view protocol_id =
        message.content ? text_at(*message.content, "protocol_id") : std::string_view();
    JsonElement body;
    std::string bytes;
    if (protocol_id.empty()) {
        protocol_id = agent_message_protocol_id;
        bytes = data_of(message);
    } else {
        if (!is_public_id(protocol_id)) {
            refuse_message(socket, message.message_id, "invalid_message",
                           "content.protocol_id is not a public id");
            return;
        }
        if (message.content->at_key("body").get(body) != simdjson::SUCCESS) {
            refuse_message(socket, message.message_id, "invalid_message",
                           "content.body is missing");
            return;
        }
        // The answer names it, so that the agent knows what was answered.
        const std::string made = message.message_id.empty() ? new_message_id() : std::string();
        const std::string_view reference = made.empty() ? message.message_id : made;
        auto encoded = encode_body(protocol_id, body, {reference, {}, 1, 0, {}});
        if (!encoded) {
            refuse_message(socket, message.message_id, "invalid_message", encoded.error().message);
            return;
        }
        bytes = std::move(*encoded);
    }
    Outgoing envelope;
    envelope.content = {target, message.sender_id, protocol_id, bytes};
    envelope.connection = socket.connection();
    envelope.message_id = message.message_id;
    if (!add(envelope)) {
        refuse_message(socket, message.message_id, "overloaded", "The host has no memory left");
    }
}

void Routing::broadcast(AgentSocket& socket, const ClientFrame& frame, const AgentMessage& message,
                        std::string_view text) {
    const std::string data = data_of(message);
    const bool as_it_came = !message.needs_rewriting && is_bare(frame);
    auto shared_frame =
        std::make_shared<const std::string>(as_it_came ? std::string(text) : message_frame(data));
    std::vector<std::string> excluded;
    if (message.exclude) {
        for (const JsonElement& entry : simdjson::dom::array(*message.exclude)) {
            excluded.emplace_back(std::string_view(entry));
        }
        std::sort(excluded.begin(), excluded.end());
    }
    const std::string except =
        socket.is_registered() ? socket.agent_id() : std::string(message.sender_id);
    broadcast_here(*shared_frame, data, except, excluded);
    const std::uint32_t own = lane_.lane().index();
    Shared& shared = lane_.shared();
    for (std::uint32_t index = 0; index < shared.options.lanes; ++index) {
        if (index == own) {
            continue;
        }
        shared.lane_directory.post(
            index, [shared_frame, data, except, excluded](GatewayLane& lane) {
                lane.begin_turn();
                lane.routing().broadcast_here(*shared_frame, data, except, excluded);
                lane.request_turn();
            });
    }
}

void Routing::broadcast_here(std::string_view frame, std::string_view data, std::string_view except,
                             const std::vector<std::string>& excluded) {
    std::vector<AgentSocket*> receivers;  // sending may end a socket
    lane_.each_agent([&](AgentSocket& receiver) {
        if (receiver.agent_id() != except &&
            !std::binary_search(excluded.begin(), excluded.end(), receiver.agent_id())) {
            receivers.push_back(&receiver);
        }
    });
    for (AgentSocket* const receiver : receivers) {
        if (hand_over(*receiver, frame, data, except) == Sent::queued) {
            ++new_deliveries_;
        }
    }
}

// ---- Envelopes of agents ------------------------------------------------------------------------

void Routing::on_envelopes(AgentSocket& socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const std::optional<std::string_view> encoded = take_delimited(bytes);
        const auto envelope = encoded ? decode_view(*encoded)
                                      : failure(ErrorClass::invalid, "envelope.malformed",
                                                "The length of an envelope is wrong.");
        if (!envelope) {
            refuse_message(socket, {}, envelope.error().code, envelope.error().message);
            return;
        }
        ++new_messages_;
        on_envelope(socket, *envelope, *encoded);
        if (!socket.is_open()) {
            return;
        }
    }
}

void Routing::on_envelope(AgentSocket& socket, const EnvelopeView& envelope,
                          std::string_view encoded) {
    if (!lane_.shared().settings.is_openagents_05 && envelope.sender != socket.agent_id()) {
        refuse_message(socket, {}, "wrong_sender",
                       "The sender is not the id that is registered here");
        return;
    }
    const bool to_component = envelope.to.starts_with(component_prefix);
    Outgoing outgoing;
    outgoing.content = envelope;
    outgoing.connection = socket.connection();
    if (to_component) {
        outgoing.content.to.remove_prefix(component_prefix.size());
    }
    if (lane_.inbound().answer(socket, outgoing.content)) {
        return;
    }
    if (to_component || may_address(envelope.to)) {
        if (!may_address(outgoing.content.to)) {
            refuse_message(socket, {}, "not_allowed", "Agents may not address that connection");
            return;
        }
    } else if (AgentSocket* const receiver = lane_.find_agent(envelope.to)) {
        Sent sent = Sent::closed;
        if (receiver->speaks_envelopes()) {
            std::string bytes;
            append_delimited(bytes, encoded);
            sent = receiver->send_binary(bytes);
        } else {
            sent = lane_.inbound().tell(*receiver, envelope);
        }
        if (sent == Sent::queued) {
            ++new_deliveries_;
        } else {
            refuse_message(socket, {}, "receiver_too_slow",
                           "The receiver does not read what is sent to it");
        }
        return;
    } else if (!is_known_elsewhere(socket, envelope.to, {})) {
        return;
    }
    if (!add(outgoing)) {
        refuse_message(socket, {}, "overloaded", "The host has no memory left");
    }
}

// ---- To the multiplexer -------------------------------------------------------------------------

bool Routing::add(const Outgoing& outgoing) {
    const EnvelopeView& content = outgoing.content;
    const std::size_t size = content.to.size() + content.sender.size() +
                             content.protocol_id.size() + content.message.size() +
                             content.uri.size();
    const patchbay_host* host = lane_.shared().host.abi();
    patchbay_buffer buffer{};
    patchbay_array buffers{sizeof buffers, sizeof buffer, 1, 0, &buffer};
    if (host->allocate(host, lane_.lane().abi(), size, &buffers) != PATCHBAY_OK ||
        buffers.count == 0) {
        return false;
    }
    char* end = reinterpret_cast<char*>(buffer.data);
    const auto put = [&end](std::string_view part) {
        char* const begin = end;
        end = std::copy(part.begin(), part.end(), end);
        return begin;
    };
    patchbay_envelope& envelope = batch_.emplace_back();
    envelope.to = put(content.to);
    envelope.to_size = static_cast<std::uint32_t>(content.to.size());
    envelope.sender = put(content.sender);
    envelope.sender_size = static_cast<std::uint32_t>(content.sender.size());
    envelope.protocol_id = put(content.protocol_id);
    envelope.protocol_id_size = static_cast<std::uint32_t>(content.protocol_id.size());
    envelope.uri = put(content.uri);
    envelope.uri_size = static_cast<std::uint32_t>(content.uri.size());
    envelope.message = reinterpret_cast<const std::uint8_t*>(put(content.message));
    envelope.message_size = static_cast<std::uint32_t>(content.message.size());
    envelope.flags = PATCHBAY_ENVELOPE_GIVE_BLOCK;
    envelope.reply_to = outgoing.reply_to;
    envelope.parent = outgoing.parent;
    envelope.hops = outgoing.hops;
    envelope.block = buffer.block;
    owners_.push_back(
        {outgoing.connection, owner_ids_.size(), outgoing.message_id.size(), outgoing.parent});
    owner_ids_ += outgoing.message_id;
    if (batch_.size() == batch_bound) {
        deliver();
    }
    return true;
}

void Routing::deliver() {
    if (batch_.empty()) {
        return;
    }
    lane_.lane().end_sleep();
    const patchbay_status status =
        lane_.lane().try_deliver(batch_, std::span(results_).first(batch_.size()));
    const patchbay_host* host = lane_.shared().host.abi();
    for (std::size_t i = 0; i < batch_.size(); ++i) {
        const bool accepted =
            status == PATCHBAY_OK && results_[i].status == PATCHBAY_DELIVERY_ACCEPTED;
        if (accepted) {
            ++new_envelopes_;
            if (owners_[i].parent != 0) {
                lane_.complete_later(owners_[i].parent);
            }
            continue;
        }
        host->release(host, lane_.lane().abi(), &batch_[i].block, 1);
        refused_delivery(owners_[i], status == PATCHBAY_OK ? &results_[i] : nullptr);
    }
    batch_.clear();
    owners_.clear();
    owner_ids_.clear();
}

void Routing::refused_delivery(const Owner& owner, const patchbay_delivery* result) {
    const bool is_full = result != nullptr && result->status == PATCHBAY_DELIVERY_FULL;
    const std::string text = is_full
                                 ? std::string("The receiver has no room; try again later")
                                 : "The message was not delivered: " +
                                       std::string(result == nullptr ? "the host is disconnecting"
                                                                     : reason_text(result->reason));
    if (owner.parent != 0) {
        lane_.lane().complete(owner.parent,
                              failure(is_full ? ErrorClass::overloaded : ErrorClass::failed,
                                      "agent_gateway.answer_refused", text));
    }
    if (AgentSocket* const socket = lane_.find_connection(owner.connection)) {
        std::string_view code = "not_delivered";
        if (is_full) {
            code = "overloaded";
        } else if (result != nullptr && result->reason == PATCHBAY_REASON_NO_ROUTE) {
            code = "unknown_agent";
        }
        const std::string_view id = owner_ids_;
        refuse_message(*socket, id.substr(owner.id_begin, owner.id_size), code, text);
    }
}

void Routing::count() {
    const Counters& counters = lane_.shared().counters;
    if (new_messages_ != 0) {
        counters.messages.add(static_cast<std::int64_t>(std::exchange(new_messages_, 0)));
    }
    if (new_deliveries_ != 0) {
        counters.delivered.add(static_cast<std::int64_t>(std::exchange(new_deliveries_, 0)));
    }
    if (new_envelopes_ != 0) {
        counters.envelopes_out.add(static_cast<std::int64_t>(std::exchange(new_envelopes_, 0)));
    }
}

}  // namespace patchbay::agent_gateway
