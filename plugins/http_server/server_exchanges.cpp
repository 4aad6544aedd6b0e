// SPDX-License-Identifier: Apache-2.0
/// \file
/// The lane's side of requests and answers.
#include "server_lane.hpp"

#include <patchbay/protocols/http.hpp>

#include <algorithm>
#include <utility>

namespace patchbay::http_server {

namespace {

std::string_view value_of(const RequestHead& head, std::string_view name) {
    for (const protocols::HttpHeaderView& header : head.headers) {
        if (header.name.size() == name.size() &&
            std::equal(name.begin(), name.end(), header.name.begin(), [](char wanted, char c) {
                return wanted == (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
            })) {
            return header.value;
        }
    }
    return {};
}

}  // namespace

Exchange& ServerLane::new_exchange() {
    if (free_exchanges_.empty()) {
        return exchanges_.emplace_back(*this);
    }
    Exchange& exchange = *free_exchanges_.back();
    free_exchanges_.pop_back();
    return exchange;
}

void ServerLane::free_exchange(Exchange& exchange) noexcept {
    exchange.cancel();
    if (exchange.dialogue.generation != 0) {
        dialogues_.abandon(exchange.dialogue);
        exchange.dialogue = {};
    }
    // It may still stand in the batch of this turn, also when its time is up.
    std::replace(batch_exchanges_.begin(), batch_exchanges_.end(), &exchange,
                 static_cast<Exchange*>(nullptr));
    exchange.session = nullptr;
    exchange.next = nullptr;
    exchange.answered = false;
    exchange.early = std::string();
    exchange.record.reset();
    free_exchanges_.push_back(&exchange);
}

void ServerLane::send(Exchange& exchange, const RequestHead& head, std::string_view body) {
    ++new_requests_;
    if (shared_.access_log) {
        exchange.record = std::make_unique<LogRecord>(LogRecord{
            named_client(exchange.session->client(), head, shared_.options.trusted_proxies),
            std::string(head.method), std::string(head.target), std::string(head.host),
            std::string(value_of(head, "referer")), std::string(value_of(head, "user-agent")),
            head.version, shared_.clock.wall()});
    }
    Session& session = *exchange.session;
    if (shared_.checker) {
        CheckFailure failure;
        if (!shared_.checker->check(shared_.tls ? "https" : "http", head, body, failure)) {
            shared_.counters.refused.add();
            shared_.host.log().debug([&] {
                return "a request of " + session.client().text() +
                       " is outside the specification: " + failure.detail;
            });
            session.answer_own(exchange, failure.status, failure.phrase, failure.headers);
            return;
        }
    }
    const auto opened = dialogues_.open(reinterpret_cast<std::uintptr_t>(&exchange));
    if (!opened) {
        shared_.counters.overloads.add();
        session.answer_own(exchange, 503, "Service Unavailable", "Retry-After: 1\r\n");
        return;
    }
    exchange.dialogue = opened->id;
    if (!append_request(exchange, head, body, opened->starter_reference)) {
        dialogues_.abandon(std::exchange(exchange.dialogue, {}));
        shared_.counters.overloads.add();
        session.answer_own(exchange, 503, "Service Unavailable", "Retry-After: 1\r\n");
        return;
    }
    batch_exchanges_.push_back(&exchange);
    answer_time_.start(exchange);
    if (batch_.size() == batch_bound) {
        deliver();
    }
}

/// Writes the request into a block of the host's: addresses, protocol and message side by side.
bool ServerLane::append_request(const Exchange& exchange, const RequestHead& head,
                                std::string_view body, std::string_view reference) {
    url_.clear();
    append_url(url_, shared_.tls ? "https" : "http", shared_.own_host, head);
    headers_.clear();
    protocols::append_headers(headers_, head.headers);
    method_.assign(head.method);
    std::transform(method_.begin(), method_.end(), method_.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    protocols::HttpMessageView message;
    message.header = {reference, {}, 1, 0, {}};
    message.body = protocols::HttpRequestView{
        method_, url_, exchange.rules.version == 10 ? "HTTP/1.0" : "HTTP/1.1", headers_, body};

    const std::string& to = shared_.options.target;
    const std::string& sender = shared_.host.component_id();
    const std::string_view protocol = protocols::http_protocol_id;
    const std::size_t size = protocols::encoded_size(message);
    const std::size_t before = to.size() + sender.size() + protocol.size();
    const patchbay_host* host = shared_.host.abi();
    patchbay_buffer buffer{};
    patchbay_array buffers{sizeof buffers, sizeof buffer, 1, 0, &buffer};
    if (host->allocate(host, lane_.abi(), before + size, &buffers) != PATCHBAY_OK ||
        buffers.count == 0) {
        return false;
    }
    char* const bytes = reinterpret_cast<char*>(buffer.data);
    char* end = std::copy(to.begin(), to.end(), bytes);
    end = std::copy(sender.begin(), sender.end(), end);
    std::copy(protocol.begin(), protocol.end(), end);
    if (!protocols::encode_into(message, bytes + before, size)) {
        host->release(host, lane_.abi(), &buffer.block, 1);
        return false;
    }
    patchbay_envelope& envelope = batch_.emplace_back();
    envelope.to = bytes;
    envelope.to_size = static_cast<std::uint32_t>(to.size());
    envelope.sender = bytes + to.size();
    envelope.sender_size = static_cast<std::uint32_t>(sender.size());
    envelope.protocol_id = bytes + to.size() + sender.size();
    envelope.protocol_id_size = static_cast<std::uint32_t>(protocol.size());
    envelope.message = buffer.data + before;
    envelope.message_size = static_cast<std::uint32_t>(size);
    envelope.flags = PATCHBAY_ENVELOPE_REQUEST | PATCHBAY_ENVELOPE_GIVE_BLOCK;
    envelope.to_handle = to_handle_;
    envelope.protocol_handle = protocol_handle_;
    envelope.block = buffer.block;
    return true;
}

void ServerLane::deliver() {
    if (batch_.empty()) {
        return;
    }
    lane_.end_sleep();
    const patchbay_status status =
        lane_.try_deliver(batch_, std::span(results_).first(batch_.size()));
    const patchbay_host* host = shared_.host.abi();
    for (std::size_t i = 0; i < batch_.size(); ++i) {
        if (status == PATCHBAY_OK && results_[i].status == PATCHBAY_DELIVERY_ACCEPTED) {
            continue;
        }
        host->release(host, lane_.abi(), &batch_[i].block, 1);
        Exchange* exchange = batch_exchanges_[i];
        if (exchange == nullptr) {
            continue;
        }
        exchange->cancel();
        dialogues_.abandon(std::exchange(exchange->dialogue, {}));
        shared_.counters.overloads.add();
        const bool invalid =
            status == PATCHBAY_OK && results_[i].status == PATCHBAY_DELIVERY_INVALID;
        if (invalid) {
            exchange->session->answer_own(*exchange, 500, "Server Error");
        } else {
            exchange->session->answer_own(*exchange, 503, "Service Unavailable",
                                          "Retry-After: 1\r\n");
        }
    }
    batch_.clear();
    batch_exchanges_.clear();
}

void ServerLane::expire(Exchange& exchange) {
    shared_.counters.timeouts.add();
    dialogues_.abandon(std::exchange(exchange.dialogue, {}));
    exchange.session->answer_own(exchange, 408, "Request Timeout");
}

void ServerLane::on_batch(std::span<const TakenEnvelope> batch) {
    begin_turn();
    for (const TakenEnvelope& envelope : batch) {
        answer(envelope);
    }
    end_of_turn();
}

void ServerLane::answer(const TakenEnvelope& envelope) {
    const auto dropped = [&](const std::string& why) {
        shared_.host.log().warning([&] {
            return "an envelope of '" + std::string(envelope.sender()) + "' is dropped: " + why;
        });
        completed_.push_back(envelope.token());
    };
    if (envelope.protocol_id() != protocols::http_protocol_id) {
        dropped("it speaks '" + std::string(envelope.protocol_id()) + "', and expected was " +
                std::string(protocols::http_protocol_id));
        return;
    }
    const auto message = protocols::decode_http(envelope.message());
    if (!message) {
        dropped(to_string(message.error()));
        return;
    }
    const auto* response = std::get_if<protocols::HttpResponseView>(&message->body);
    if (response == nullptr) {
        dropped("it is a request; this connection takes responses");
        return;
    }
    // Consumers may answer to any of the names under which they reach this connection.
    const auto cookie = dialogues_.settle(
        patchbay::incoming(dialogues_.self_address(), dialogues_.counterparty(), message->header,
                           static_cast<unsigned>(message->performative())));
    if (!cookie) {
        if (cookie.error().code == "dialogue.late") {
            shared_.counters.late.add();
            completed_.push_back(envelope.token());
        } else if (cookie.error().code == "dialogue.unknown") {
            lane_.complete_not_mine(envelope.token());
        } else {
            dropped(to_string(cookie.error()));
        }
        return;
    }
    auto& exchange = *reinterpret_cast<Exchange*>(static_cast<std::uintptr_t>(*cookie));
    exchange.dialogue = {};
    exchange.cancel();
    ++new_answers_;
    exchange.session->answer(exchange, *response, envelope.token());
}

}  // namespace patchbay::http_server
