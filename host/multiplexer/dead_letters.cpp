// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/core.hpp"
#include "multiplexer/host_envelope.hpp"

#include <patchbay/protocols/default.hpp>

#include <atomic>
#include <exception>
#include <utility>

namespace patchbay::multiplexer {

namespace {

[[nodiscard]] std::string sentence(const EnvelopeParts& envelope, const InstanceCore* destination,
                                   std::uint32_t reason, std::string_view detail) {
    std::string text = "Envelope to '" + std::string(envelope.to) + "' from '" +
                       std::string(envelope.sender) + "' (" + std::string(envelope.protocol_id) +
                       ")";
    const std::string name = destination != nullptr ? destination->options.name : "";
    switch (reason) {
        case PATCHBAY_REASON_NO_ROUTE:
            text += " has no route";
            break;
        case PATCHBAY_REASON_PROTOCOL_REFUSED:
            text += " uses a protocol that ";
            text += name.empty() ? "its source may not send" : "'" + name + "' refuses";
            break;
        case PATCHBAY_REASON_HOP_LIMIT:
            text += " passed through " + std::to_string(envelope.hops) + " connections";
            break;
        case PATCHBAY_REASON_NOT_CONNECTED:
            text += name.empty() ? " is meant for an instance that does not run"
                                 : " is meant for '" + name + "', which is not connected";
            break;
        case PATCHBAY_REASON_AGENT_OFFLINE:
            text += " is for an agent whom an inbound route names, and who is not connected";
            break;
        case PATCHBAY_REASON_TIME_LIMIT:
            text += " was taken by '" + name + "' and not completed within the time limit";
            break;
        case PATCHBAY_REASON_SEND_FAILED:
            text += " could not be sent by '" + name + "'";
            break;
        case PATCHBAY_REASON_NOT_MINE:
            text += " answers a dialogue that no generation of '" + name + "' holds";
            break;
        case PATCHBAY_REASON_SHUTDOWN:
            text += " was still waiting when the host stopped";
            break;
        default:
            text += " could not be delivered";
            break;
    }
    if (!detail.empty()) {
        text += ": " + std::string(detail);
    }
    return text + '.';
}

/// An answer would answer an answer.
[[nodiscard]] bool is_error_message(const EnvelopeParts& envelope) {
    if (envelope.from_host) {
        return true;
    }
    if (without_hash(envelope.protocol_id) != protocols::default_protocol_id) {
        return false;
    }
    const auto message = protocols::decode_default(envelope.message);
    return !message || message->performative() == protocols::DefaultPerformative::error;
}

[[nodiscard]] protocols::DefaultErrorCode error_code(std::uint32_t reason) noexcept {
    return reason == PATCHBAY_REASON_PROTOCOL_REFUSED
               ? protocols::DefaultErrorCode::unsupported_protocol
               : protocols::DefaultErrorCode::invalid_message;
}

/// Takes one from the instance's budget of this second.
[[nodiscard]] bool may_answer(InstanceCore& instance, std::uint32_t now,
                              std::uint32_t per_second) noexcept {
    std::uint64_t budget = instance.error_budget.load(std::memory_order_relaxed);
    std::uint64_t next = 0;
    do {
        const auto used = static_cast<std::uint32_t>(
            static_cast<std::uint32_t>(budget >> 32U) == now ? budget & 0xFFFFFFFFU : 0);
        if (used >= per_second) {
            return false;
        }
        next = (std::uint64_t{now} << 32U) | (used + 1U);
    } while (!instance.error_budget.compare_exchange_weak(budget, next, std::memory_order_relaxed));
    return true;
}

}  // namespace

void InstanceCore::misbehaved(std::string_view code, std::string_view text) {
    misbehaviour.fetch_add(1, std::memory_order_relaxed);
    if (options.observer != nullptr) {
        options.observer->on_misbehaviour(number, code, text);
    }
}

void Multiplexer::Core::dead_letter(const EnvelopeParts& envelope, LaneCore* source,
                                    InstanceCore* source_instance, InstanceCore* destination,
                                    std::uint32_t reason, std::string_view code,
                                    std::string_view text) noexcept {
    dead_letter_count.fetch_add(1, std::memory_order_relaxed);
    if (source_instance != nullptr) {
        source_instance->dead_lettered[reason].fetch_add(1, std::memory_order_relaxed);
    }
    bool kept = false;
    std::string whole;
    try {
        whole = sentence(envelope, destination, reason, text);
        DeadLetter letter;
        letter.time = clock.wall();
        letter.reason = reason;
        letter.code = code.empty() ? reason_name(reason) : code;
        letter.text = whole;
        letter.source = source_instance != nullptr ? source_instance->options.name : "";
        letter.destination = destination != nullptr ? destination->options.name : "";
        letter.to = envelope.to;
        letter.sender = envelope.sender;
        letter.protocol_id = envelope.protocol_id;
        letter.message = envelope.message;
        letter.uri = envelope.uri;
        letter.connection_id = envelope.connection_id;
        letter.hops = envelope.hops;
        kept = dead_letters.put(std::move(letter));
    } catch (...) {
        kept = false;
    }
    if (!kept) {
        dead_letters_refused.fetch_add(1, std::memory_order_relaxed);
    }
    if (source != nullptr && reason != PATCHBAY_REASON_SHUTDOWN) {
        answer_with_error(envelope, *source, reason, whole);
    }
}

void Multiplexer::Core::answer_with_error(const EnvelopeParts& envelope, LaneCore& source,
                                          std::uint32_t reason, std::string_view text) noexcept {
    InstanceCore& instance = source.instance;
    try {
        if (is_error_message(envelope)) {
            return;
        }
        if (!may_answer(instance, now.load(std::memory_order_relaxed),
                        options.error_replies_per_second)) {
            instance.error_replies_suppressed.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        protocols::DefaultMessage error;
        error.header.starter_reference =
            "patchbay-" + std::to_string(error_number.fetch_add(1, std::memory_order_relaxed));
        protocols::DefaultError body;
        body.error_code = error_code(reason);
        body.error_msg = text;
        body.error_data["reason"] = reason_name(reason);
        body.error_data["protocol_id"] = envelope.protocol_id;
        error.body = std::move(body);
        const Result<std::string> message = protocols::encode(error);
        if (!message) {
            return;
        }
        HostEnvelope answer;
        answer.to = envelope.sender;
        answer.sender = envelope.to;
        answer.protocol_id = protocols::default_protocol_id;
        answer.message = *message;
        const bool sent = put_host_envelope(*this, source, answer);
        (sent ? instance.error_replies : instance.error_replies_suppressed)
            .fetch_add(1, std::memory_order_relaxed);
    } catch (const std::exception&) {
        instance.error_replies_suppressed.fetch_add(1, std::memory_order_relaxed);
    }
}

}  // namespace patchbay::multiplexer
