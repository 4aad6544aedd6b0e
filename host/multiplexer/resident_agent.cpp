// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/resident_agent.hpp"

#include "multiplexer/lane.hpp"

#include <patchbay/protocols/message.hpp>
#include <patchbay/public_id.hpp>

#include <poll.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace patchbay::multiplexer {

/// Shared by both boxes.
struct ResidentState {
    Multiplexer& multiplexer;
    Instance& instance;
    Generation& generation;
    Lane& lane;
    /// A lane belongs to one thread at a time; the InBox to any.
    std::mutex mutex;
};

namespace {

[[nodiscard]] std::string text_of(const char* data, std::uint32_t size) {
    return {data, size};
}

[[nodiscard]] tl::unexpected<Error> refused(std::string code, std::string message) {
    return failure(ErrorClass::invalid, std::move(code), std::move(message));
}

}  // namespace

// ---- InBox ----

bool InBox::empty() const {
    return state_.lane.is_empty();
}

std::optional<Received> InBox::get_nowait() {
    const std::lock_guard lock(state_.mutex);
    patchbay_envelope item{};
    patchbay_array array{sizeof(patchbay_array), sizeof item, 1, 0, &item};
    if (state_.lane.take(&array) != PATCHBAY_OK || array.count == 0) {
        return std::nullopt;
    }
    Received received;
    received.envelope.to = text_of(item.to, item.to_size);
    received.envelope.sender = text_of(item.sender, item.sender_size);
    received.envelope.protocol_id = text_of(item.protocol_id, item.protocol_id_size);
    received.envelope.message =
        text_of(reinterpret_cast<const char*>(item.message), item.message_size);
    received.envelope.uri = text_of(item.uri, item.uri_size);
    received.envelope.context_connection_id = text_of(item.connection_id, item.connection_id_size);
    received.origin = item.origin;
    received.hops = item.hops;
    // The program has it now; what it does with it is its own affair.
    state_.generation.complete(&item.token, 1, PATCHBAY_OK, nullptr);
    return received;
}

std::optional<Received> InBox::get(std::chrono::nanoseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        if (auto received = get_nowait()) {
            return received;
        }
        const auto left = end - std::chrono::steady_clock::now();
        if (left <= std::chrono::nanoseconds::zero() || !wait(left)) {
            return get_nowait();
        }
    }
}

bool InBox::wait(std::chrono::nanoseconds timeout) {
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (empty()) {
        if (!sleep()) {
            continue;
        }
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0) {
            return !empty();
        }
        // Another thread may take what woke us, so nobody waits longer than a moment at a time.
        pollfd wake{static_cast<int>(descriptor()), POLLIN, 0};
        ::poll(&wake, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 100)));
    }
    return true;
}

std::intptr_t InBox::descriptor() const {
    return state_.lane.descriptor();
}

bool InBox::sleep() {
    const std::lock_guard lock(state_.mutex);
    // Signals are for connections; taking them keeps the descriptor quiet.
    patchbay_signal item{};
    patchbay_array array{sizeof(patchbay_array), sizeof item, 1, 0, &item};
    do {
        array.count = 1;
        state_.lane.signals_take(&array);
    } while (array.count != 0);
    return state_.lane.sleep(PATCHBAY_INTEREST_ENVELOPES);
}

// ---- OutBox ----

Result<void> OutBox::put(const Envelope& envelope) {
    if (!protocols::decode_message(envelope.message)) {
        return refused("outbox.not_a_message",
                       "the envelope's message is not a message of a dialogue");
    }
    return put_raw(envelope);
}

Result<void> OutBox::put_raw(const Envelope& envelope) {
    return deliver(envelope, {}, 0);
}

Result<void> OutBox::put_message(std::string_view to, std::string_view sender,
                                 const protocols::DefaultMessage& message,
                                 std::string_view connection_id) {
    Result<std::string> bytes = protocols::encode(message);
    if (!bytes) {
        return tl::unexpected<Error>(std::move(bytes.error()));
    }
    return put_raw({std::string(to), std::string(sender),
                    std::string(protocols::default_protocol_id), std::move(*bytes), "",
                    std::string(connection_id)});
}

Result<void> OutBox::put_message(std::string_view to, std::string_view sender,
                                 const protocols::HttpMessageView& message,
                                 std::string_view connection_id) {
    Result<std::string> bytes = protocols::encode(message);
    if (!bytes) {
        return tl::unexpected<Error>(std::move(bytes.error()));
    }
    return put_raw({std::string(to), std::string(sender), std::string(protocols::http_protocol_id),
                    std::move(*bytes), "", std::string(connection_id)});
}

Result<void> OutBox::answer(const Received& request, const Envelope& answer) {
    return deliver(answer, request.origin, request.hops);
}

Result<void> OutBox::deliver(const Envelope& envelope, const patchbay_origin& reply_to,
                             std::uint32_t hops) {
    if (envelope.to.empty()) {
        return refused("outbox.no_to", "the envelope has no 'to'");
    }
    if (envelope.sender.empty()) {
        return refused("outbox.no_sender", "the envelope has no 'sender'");
    }
    if (!is_public_id(envelope.protocol_id)) {
        return refused("outbox.no_protocol", "the envelope's protocol id '" + envelope.protocol_id +
                                                 "' is not author/name:version");
    }
    patchbay_envelope item{};
    item.to = envelope.to.data();
    item.to_size = static_cast<std::uint32_t>(envelope.to.size());
    item.sender = envelope.sender.data();
    item.sender_size = static_cast<std::uint32_t>(envelope.sender.size());
    item.protocol_id = envelope.protocol_id.data();
    item.protocol_id_size = static_cast<std::uint32_t>(envelope.protocol_id.size());
    item.message = reinterpret_cast<const std::uint8_t*>(envelope.message.data());
    item.message_size = static_cast<std::uint32_t>(envelope.message.size());
    item.uri = envelope.uri.data();
    item.uri_size = static_cast<std::uint32_t>(envelope.uri.size());
    item.connection_id = envelope.context_connection_id.data();
    item.connection_id_size = static_cast<std::uint32_t>(envelope.context_connection_id.size());
    item.reply_to = reply_to;
    item.hops = hops;
    patchbay_delivery result{};
    const patchbay_array in{sizeof(patchbay_array), sizeof item, 1, 0, &item};
    patchbay_array out{sizeof(patchbay_array), sizeof result, 1, 0, &result};
    if (state_.lane.deliver(&in, &out) != PATCHBAY_OK) {
        return failure(ErrorClass::disconnected, "outbox.not_connected",
                       "the resident agent is not connected");
    }
    switch (result.status) {
        case PATCHBAY_DELIVERY_ACCEPTED:
            return {};
        case PATCHBAY_DELIVERY_FULL:
            return failure(ErrorClass::overloaded, "outbox.full",
                           "there is no room at the destination of the envelope to '" +
                               envelope.to + "'; put it again later");
        case PATCHBAY_DELIVERY_DEAD_LETTERED:
            return failure(ErrorClass::failed, "outbox.dead_lettered",
                           "the envelope to '" + envelope.to +
                               "' is a dead letter: " + std::string(reason_name(result.reason)));
        default:
            return refused("outbox.invalid",
                           "the envelope to '" + envelope.to +
                               "' is not valid: " + std::string(reason_name(result.reason)));
    }
}

// ---- The agent ----

Result<std::unique_ptr<ResidentAgent>> ResidentAgent::create(Multiplexer& multiplexer,
                                                             const ResidentAgentOptions& options) {
    InstanceOptions instance;
    instance.name = options.name;
    instance.component_id =
        options.component_id.empty() ? "resident/" + options.name + ":0.1.0" : options.component_id;
    instance.mailbox_envelopes = options.inbox_envelopes;
    instance.mailbox_bytes = options.inbox_bytes;
    instance.lane_limit = 1;
    instance.consumer = true;
    instance.resident_agent = true;
    instance.send_time_limit = 0;
    Result<Instance*> added = multiplexer.add_instance(std::move(instance));
    if (!added) {
        return tl::unexpected<Error>(std::move(added.error()));
    }
    Result<Generation*> generation = (*added)->attach(1);
    if (!generation) {
        multiplexer.remove_instance(**added);
        return tl::unexpected<Error>(std::move(generation.error()));
    }
    (*added)->set_state(InstanceState::connected);
    std::unique_ptr<ResidentState> state(
        new ResidentState{multiplexer, **added, **generation, *(*generation)->lane(0), {}});
    return std::unique_ptr<ResidentAgent>(new ResidentAgent(std::move(state)));
}

ResidentAgent::ResidentAgent(std::unique_ptr<ResidentState> state)
    : state_(std::move(state)), inbox_(*state_), outbox_(*state_) {}

ResidentAgent::~ResidentAgent() {
    state_->instance.set_state(InstanceState::disconnected);
    state_->instance.detach(state_->generation);
    state_->multiplexer.remove_instance(state_->instance);
}

Instance& ResidentAgent::instance() noexcept {
    return state_->instance;
}

}  // namespace patchbay::multiplexer
