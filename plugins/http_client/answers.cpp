// SPDX-License-Identifier: Apache-2.0
#include "answers.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace patchbay::http_client {

namespace {

tl::unexpected<Error> no_memory(std::size_t size, bool too_large) {
    return failure(too_large ? ErrorClass::failed : ErrorClass::overloaded,
                   too_large ? "http_client.too_large" : "http_client.no_memory",
                   "The host has no block for an answer of " + std::to_string(size) + " bytes.");
}

}  // namespace

Answers::Answers(Lane& lane, const Host& host, std::function<void(Exchange&)> finished)
    : lane_(lane), host_(host), finished_(std::move(finished)) {}

void Answers::respond(Exchange& exchange, const protocols::HttpResponseView& response) {
    if (auto added = add(exchange, response); !added) {
        fail(exchange, added.error());
    }
}

void Answers::fail(Exchange& exchange, const Error& why) {
    const std::string body = why.message + " [" + why.code + ']';
    auto added =
        add(exchange, {"HTTP/1.1", failure_status, failure_text, "\n", std::string_view(body)});
    if (!added) {
        finish(exchange, added);
    }
}

Result<void> Answers::add(Exchange& exchange, const protocols::HttpResponseView& response) {
    const TakenEnvelope& asked = exchange.envelope;
    protocols::HttpMessageView message;
    message.header = exchange.answer;
    message.body = response;
    const std::string_view to = asked.sender();
    const std::string_view sender = asked.to();
    const std::string_view protocol = asked.protocol_id();
    const std::size_t message_size = protocols::encoded_size(message);
    const std::size_t size = message_size + to.size() + sender.size() + protocol.size();

    patchbay_buffer buffer{};
    patchbay_array buffers{sizeof buffers, sizeof buffer, 1, 0, &buffer};
    const patchbay_status status = host_.abi()->allocate(host_.abi(), lane_.abi(), size, &buffers);
    if (status != PATCHBAY_OK || buffers.count == 0) {
        return no_memory(size, status == PATCHBAY_INVALID);
    }
    char* const bytes = reinterpret_cast<char*>(buffer.data);
    if (auto written = protocols::encode_into(message, bytes, message_size); !written) {
        host_.abi()->release(host_.abi(), lane_.abi(), &buffer.block, 1);
        return tl::unexpected<Error>(std::move(written.error()));
    }
    char* at = bytes + message_size;
    const auto copy = [&at](std::string_view text) {
        std::memcpy(at, text.data(), text.size());
        const std::string_view place(at, text.size());
        at += text.size();
        return place;
    };
    Delivery delivery = Delivery::reply(
        asked, {copy(to), copy(sender), copy(protocol), {bytes, message_size}, {}, {}});
    delivery.protocol_handle = asked.abi().protocol_handle;
    delivery.hops = asked.hops();
    delivery.block = buffer.block;
    Pending& pending = ready_.emplace_back();
    pending.exchange = &exchange;
    pending.envelope = delivery.to_abi();
    pending.envelope.flags |= PATCHBAY_ENVELOPE_GIVE_BLOCK;
    return {};
}

void Answers::deliver() {
    if (ready_.empty()) {
        return;
    }
    delivering_.swap(ready_);
    batch_.clear();
    for (const Pending& answer : delivering_) {
        batch_.push_back(answer.envelope);
    }
    results_.assign(batch_.size(), {});
    lane_.end_sleep();
    const patchbay_status status = lane_.try_deliver(batch_, results_);
    done_.clear();
    for (std::size_t i = 0; i < delivering_.size(); ++i) {
        if (status == PATCHBAY_OK && results_[i].status == PATCHBAY_DELIVERY_ACCEPTED) {
            done_.push_back(delivering_[i].envelope.parent);
        }
    }
    lane_.complete(done_);
    for (std::size_t i = 0; i < delivering_.size(); ++i) {
        if (status != PATCHBAY_OK) {
            results_[i].status = PATCHBAY_DELIVERY_INVALID;
        }
        settle(delivering_[i], results_[i]);
    }
    delivering_.clear();
}

void Answers::settle(const Pending& answer, const patchbay_delivery& delivery) {
    switch (delivery.status) {
        case PATCHBAY_DELIVERY_ACCEPTED:
            finished_(*answer.exchange);
            return;
        case PATCHBAY_DELIVERY_FULL:
            held_.push_back(answer);
            held_.back().destination = delivery.destination;
            return;
        default:
            host_.abi()->release(host_.abi(), lane_.abi(), &answer.envelope.block, 1);
            finish(*answer.exchange,
                   failure(ErrorClass::failed, "http_client.not_delivered",
                           delivery.status == PATCHBAY_DELIVERY_DEAD_LETTERED
                               ? "The response came, but could not be delivered; the host keeps "
                                 "it as a dead letter."
                               : "The response came, but the host did not accept it."));
    }
}

void Answers::room(std::uint32_t destination) {
    const auto waits = [&](const Pending& answer) { return answer.destination != destination; };
    const auto first = std::stable_partition(held_.begin(), held_.end(), waits);
    ready_.insert(ready_.end(), first, held_.end());
    held_.erase(first, held_.end());
}

void Answers::give_up() {
    for (const Pending& answer : std::exchange(held_, {})) {
        const EnvelopeView envelope = TakenEnvelope(answer.envelope).view();
        const auto raw = encode(envelope);
        static_cast<void>(host_.malformed(raw ? std::string_view(*raw) : envelope.message,
                                          "http_client.disconnected",
                                          "A response waited for room at its destination until "
                                          "the connection ended."));
        host_.abi()->release(host_.abi(), lane_.abi(), &answer.envelope.block, 1);
        finish(*answer.exchange,
               failure(ErrorClass::disconnected, "http_client.not_delivered",
                       "The response waited for room until the connection ended."));
    }
}

void Answers::finish(Exchange& exchange, const Result<void>& result) {
    lane_.complete(exchange.envelope.token(), result);
    finished_(exchange);
}

}  // namespace patchbay::http_client
