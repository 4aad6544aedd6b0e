// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reading and writing items of arrays whose stride the other side chose (abi.h section 4).
#pragma once

#include "multiplexer/core.hpp"

#include <patchbay/abi.h>

#include <algorithm>
#include <cstring>

namespace patchbay::multiplexer {

/// Writes the first bytes of an item, as many as the reader knows, and zeroes what it knows more.
template <class Item>
void write_item(patchbay_array& array, std::uint32_t place, const Item& item) noexcept {
    auto* target = static_cast<unsigned char*>(patchbay_array_at(&array, place));
    if (array.stride == sizeof(Item)) [[likely]] {
        std::memcpy(target, &item, sizeof(Item));
        return;
    }
    const std::size_t size = std::min<std::size_t>(array.stride, sizeof(Item));
    std::memcpy(target, &item, size);
    if (array.stride > size) {
        std::memset(target + size, 0, array.stride - size);
    }
}

/// Reads an item into `item`; fields that the writer did not know are zero.
template <class Item>
void read_item(const patchbay_array& array, std::uint32_t place, Item& item) noexcept {
    item = Item{};
    std::memcpy(&item, patchbay_array_at(&array, place),
                std::min<std::size_t>(array.stride, sizeof(Item)));
}

/// Makes a queued node a taken one and shows it as item `place`. The caller is the only one who can
/// touch the node: it was just taken from the mailbox, or not put into one yet.
inline void hand_out(Multiplexer::Core& core, LaneCore& lane, Node& node, patchbay_array& array,
                     std::uint32_t place) noexcept {
    const unsigned char* base = node.block->payload();
    patchbay_envelope local;
    const bool direct =
        array.stride >= sizeof(patchbay_envelope) && array.stride % alignof(patchbay_envelope) == 0;
    patchbay_envelope& item =
        direct ? *static_cast<patchbay_envelope*>(patchbay_array_at(&array, place)) : local;
    const std::uint64_t state = node.state.load(std::memory_order_relaxed);
    item.to = reinterpret_cast<const char*>(base + node.to_at);
    item.sender = reinterpret_cast<const char*>(base + node.sender_at);
    item.protocol_id = reinterpret_cast<const char*>(base + node.protocol_at);
    item.message = base + node.message_at;
    item.uri = reinterpret_cast<const char*>(base + node.uri_at);
    item.to_size = node.to_size;
    item.sender_size = node.sender_size;
    item.protocol_id_size = node.protocol_size;
    item.message_size = node.message_size;
    item.uri_size = node.uri_size;
    item.flags = static_cast<std::uint32_t>(node.flags.load(std::memory_order_relaxed)) &
                 (PATCHBAY_ENVELOPE_RECEIPT | PATCHBAY_ENVELOPE_REQUEST);
    item.to_handle = node.to_handle;
    item.protocol_handle = node.protocol_handle;
    item.token = token_of(core.pool, node, state);
    item.parent = 0;
    item.block = reinterpret_cast<patchbay_block*>(node.block);
    item.origin = {};
    if (const LaneCore* source = core.lane_at(node.source_lane.load(std::memory_order_relaxed))) {
        item.origin = source->origin_value();
    }
    item.reply_to = {};
    item.receipt = 0;
    item.connection_id = reinterpret_cast<const char*>(base + node.connection_at);
    item.connection_id_size = node.connection_size;
    item.hops = node.hops;
    const std::string_view agent = core.agent_names.name(node.agent);
    item.agent = agent.data();
    item.agent_size = static_cast<std::uint32_t>(agent.size());
    item.reserved = 0;
    node.taker.store(lane.uid.load(std::memory_order_relaxed), std::memory_order_relaxed);
    node.holder.store(lane.generation->uid, std::memory_order_relaxed);
    node.taken_at.store(core.now.load(std::memory_order_relaxed), std::memory_order_relaxed);
    // Whoever completes it learned the token from us; a housekeeping scan needs the fields above.
    node.state.store(node_state::with_phase(state, Phase::taken), std::memory_order_release);
    if (!direct) {
        write_item(array, place, local);
    } else if (array.stride > sizeof(patchbay_envelope)) {
        std::memset(reinterpret_cast<unsigned char*>(&item) + sizeof(patchbay_envelope), 0,
                    array.stride - sizeof(patchbay_envelope));
    }
}

}  // namespace patchbay::multiplexer
