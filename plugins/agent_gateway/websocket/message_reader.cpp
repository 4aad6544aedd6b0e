// SPDX-License-Identifier: Apache-2.0
#include "message_reader.hpp"

#include <patchbay/utf8.hpp>

#include <simdjson.h>

#include <algorithm>

namespace patchbay::agent_gateway::websocket {

namespace {

static_assert(padding >= simdjson::SIMDJSON_PADDING);

Event violation(CloseCode code, std::string_view why) {
    Event event;
    event.kind = EventKind::violation;
    event.code = code;
    event.why = why;
    return event;
}

std::string_view view(std::span<char> bytes) noexcept {
    return {bytes.data(), bytes.size()};
}

}  // namespace

std::size_t MessageReader::kept() const noexcept {
    return partial_ ? partial_->message.size() : 0;
}

Event MessageReader::next(std::span<char>& bytes, const ReaderRules& rules,
                          ReaderSupport& support) {
    if (partial_ && partial_->ended) {
        partial_.reset();
    }
    while (true) {
        if (partial_ && partial_->remaining != 0) {
            take_payload(bytes);
            if (partial_->remaining != 0) {
                return {};
            }
        }
        if (partial_ && partial_->taken == partial_->head.length && partial_->head.final) {
            partial_->ended = true;
            partial_->message.reserve(partial_->message.size() + padding);
            return whole(partial_->opcode, partial_->compressed, partial_->message, rules, support);
        }
        FrameHead head;
        std::string_view why;
        switch (read_frame_head(view(bytes), rules.deflate, head, why)) {
            case HeadState::incomplete:
                return {};
            case HeadState::violation:
                return violation(CloseCode::protocol_error, why);
            case HeadState::complete:
                break;
        }
        const std::size_t there = bytes.size() - head.size;
        if (is_control(head.opcode)) {
            if (there < head.length) {
                return {};
            }
            const std::span<char> payload =
                bytes.subspan(head.size, static_cast<std::size_t>(head.length));
            unmask(payload.data(), payload.size(), head.mask, 0);
            bytes = bytes.subspan(head.size + payload.size());
            return control(head, view(payload));
        }
        if ((head.opcode == Opcode::continuation) != (partial_ != nullptr)) {
            return violation(CloseCode::protocol_error,
                             partial_ ? "a new message within a fragmented one"
                                      : "a continuation of no message");
        }
        if (head.length > rules.message_limit - std::min(kept(), rules.message_limit)) {
            return violation(CloseCode::too_large, "the message is too large");
        }
        if (!partial_ && head.final && head.length <= there) {
            const std::span<char> payload =
                bytes.subspan(head.size, static_cast<std::size_t>(head.length));
            unmask(payload.data(), payload.size(), head.mask, 0);
            bytes = bytes.subspan(head.size + payload.size());
            return whole(head.opcode, head.compressed, view(payload), rules, support);
        }
        bytes = bytes.subspan(head.size);
        if (!partial_) {
            partial_ = std::make_unique<Partial>();
            partial_->opcode = head.opcode;
            partial_->compressed = head.compressed;
        }
        partial_->head = head;
        partial_->remaining = head.length;
        partial_->taken = 0;
    }
}

void MessageReader::take_payload(std::span<char>& bytes) {
    Partial& partial = *partial_;
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), partial.remaining));
    unmask(bytes.data(), size, partial.head.mask, partial.taken);
    partial.message.append(bytes.data(), size);
    partial.taken += size;
    partial.remaining -= size;
    bytes = bytes.subspan(size);
}

Event MessageReader::control(const FrameHead& head, std::string_view payload) const {
    Event event;
    event.payload = payload;
    if (head.opcode == Opcode::ping) {
        event.kind = EventKind::ping;
        return event;
    }
    if (head.opcode == Opcode::pong) {
        event.kind = EventKind::pong;
        return event;
    }
    event.kind = EventKind::close;
    if (payload.empty()) {
        event.code = CloseCode::no_status;
        return event;
    }
    if (payload.size() < 2) {
        return violation(CloseCode::protocol_error, "a close frame with half a code");
    }
    const auto code = static_cast<std::uint16_t>((static_cast<unsigned char>(payload[0]) << 8U) |
                                                 static_cast<unsigned char>(payload[1]));
    if (!may_be_sent(code)) {
        return violation(CloseCode::protocol_error, "a close code that must not be sent");
    }
    event.code = static_cast<CloseCode>(code);
    event.payload = payload.substr(2);
    if (!is_utf8(event.payload)) {
        return violation(CloseCode::bad_data, "the reason of a close frame is not UTF-8");
    }
    return event;
}

Event MessageReader::whole(Opcode opcode, bool compressed, std::string_view payload,
                           const ReaderRules& rules, ReaderSupport& support) const {
    if (compressed) {
        auto inflated = support.inflater.inflate(payload, rules.message_limit, support.inflated);
        if (!inflated) {
            if (inflated.error().code == "deflate.too_large") {
                return violation(CloseCode::too_large, "the message is too large");
            }
            return inflated.error().error_class == ErrorClass::overloaded
                       ? violation(CloseCode::internal_error, "no memory to decompress a message")
                       : violation(CloseCode::bad_data, "a compressed message is malformed");
        }
        support.inflated.reserve(support.inflated.size() + padding);
        payload = support.inflated;
    }
    Event event;
    event.kind = EventKind::message;
    event.is_text = opcode == Opcode::text;
    event.payload = payload;
    if (event.is_text && !simdjson::validate_utf8(payload.data(), payload.size())) {
        return violation(CloseCode::bad_data, "a text message is not UTF-8");
    }
    return event;
}

}  // namespace patchbay::agent_gateway::websocket
