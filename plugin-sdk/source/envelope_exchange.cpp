// SPDX-License-Identifier: Apache-2.0
#include <patchbay/envelope_exchange.hpp>

#include <limits>

namespace patchbay {

namespace {

/// Sizes cross in 32 bits; what is longer is refused by the host as too large.
std::uint32_t size_of(std::string_view text) noexcept {
    constexpr std::size_t limit = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(text.size() < limit ? text.size() : limit);
}

}  // namespace

Delivery Delivery::reply(const TakenEnvelope& request, const EnvelopeView& answer) {
    Delivery delivery(answer);
    delivery.reply_to = request.abi().origin;
    delivery.parent = request.token();
    // The answer's protocol is usually the request's; a handle that does not fit is ignored only
    // when stale, so it is passed on only when the texts agree.
    if (answer.protocol_id == request.protocol_id()) {
        delivery.protocol_handle = request.abi().protocol_handle;
    }
    return delivery;
}

Delivery Delivery::forward(const TakenEnvelope& taken, const EnvelopeView& content) {
    Delivery delivery(content);
    delivery.parent = taken.token();
    delivery.hops = taken.hops();
    if (content.protocol_id == taken.protocol_id()) {
        delivery.protocol_handle = taken.abi().protocol_handle;
    }
    if (content.to == taken.to()) {
        delivery.to_handle = taken.abi().to_handle;
    }
    return delivery;
}

patchbay_envelope Delivery::to_abi() const noexcept {
    patchbay_envelope abi{};
    abi.to = content.to.data();
    abi.to_size = size_of(content.to);
    abi.sender = content.sender.data();
    abi.sender_size = size_of(content.sender);
    abi.protocol_id = content.protocol_id.data();
    abi.protocol_id_size = size_of(content.protocol_id);
    abi.message = reinterpret_cast<const std::uint8_t*>(content.message.data());
    abi.message_size = size_of(content.message);
    abi.uri = content.uri.data();
    abi.uri_size = size_of(content.uri);
    abi.connection_id = content.context_connection_id.data();
    abi.connection_id_size = size_of(content.context_connection_id);
    if (receipt != 0) {
        abi.flags |= PATCHBAY_ENVELOPE_RECEIPT;
    }
    if (is_request) {
        abi.flags |= PATCHBAY_ENVELOPE_REQUEST;
    }
    abi.to_handle = to_handle;
    abi.protocol_handle = protocol_handle;
    abi.parent = parent;
    abi.block = block;
    abi.reply_to = reply_to;
    abi.receipt = receipt;
    abi.hops = hops;
    return abi;
}

}  // namespace patchbay
