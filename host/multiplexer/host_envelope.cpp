// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/host_envelope.hpp"

#include <cstring>

namespace patchbay::multiplexer {

Node* make_host_node(ThreadCache& cache, const HostEnvelope& envelope) noexcept {
    Pool& pool = cache.core.pool;
    const std::size_t size = envelope.to.size() + envelope.sender.size() +
                             envelope.protocol_id.size() + envelope.message.size();
    const std::uint32_t size_class = pool.class_of(size);
    Node* node = size_class == pool_classes ? nullptr : pool.allocate(cache.blocks, size_class);
    if (node == nullptr) {
        return nullptr;
    }
    node->refs.store(block_refs::one, std::memory_order_relaxed);
    node->owner.store(0, std::memory_order_relaxed);
    node->block = node;
    std::uint32_t at = 0;
    const auto copy = [&](std::string_view part) {
        const std::uint32_t place = at;
        std::memcpy(node->payload() + at, part.data(), part.size());
        at += static_cast<std::uint32_t>(part.size());
        return place;
    };
    node->to_at = copy(envelope.to);
    node->sender_at = copy(envelope.sender);
    node->protocol_at = copy(envelope.protocol_id);
    node->message_at = copy(envelope.message);
    node->to_size = static_cast<std::uint16_t>(envelope.to.size());
    node->sender_size = static_cast<std::uint16_t>(envelope.sender.size());
    node->protocol_size = static_cast<std::uint16_t>(envelope.protocol_id.size());
    node->message_size = static_cast<std::uint32_t>(envelope.message.size());
    node->uri_at = node->connection_at = 0;
    node->uri_size = 0;
    node->connection_size = 0;
    node->flags.store(node_from_host, std::memory_order_relaxed);
    node->hops = 0;
    node->agent = 0;
    node->to_handle = 0;
    node->protocol_handle = cache.core.protocols.find(envelope.protocol_id);
    node->source_lane.store(0, std::memory_order_relaxed);
    node->outcome.store(PATCHBAY_RECEIPT_DONE, std::memory_order_relaxed);
    node->parent = 0;
    node->receipt = 0;
    node->state.store(
        node_state::with_phase(node->state.load(std::memory_order_relaxed), Phase::queued),
        std::memory_order_relaxed);
    return node;
}

bool put_host_envelope(Multiplexer::Core& core, LaneCore& lane,
                       const HostEnvelope& envelope) noexcept {
    // Called in the middle of deliveries too, when the calling thread's cache is in use, possibly
    // behind its lock; blocks are then taken from the depot alone.
    ThreadCache cache(core);
    Node* node = make_host_node(cache, envelope);
    bool put = false;
    if (node != nullptr) {
        const auto units = static_cast<std::uint32_t>(node_units(*node));
        put = lane.inbox.load(std::memory_order_acquire)->push(&node, &units, 1, false).count != 0;
        if (put) {
            std::atomic_thread_fence(std::memory_order_seq_cst);
            lane.notify_envelopes();
        } else {
            core.discard(cache, *node, node->state.load(std::memory_order_relaxed));
        }
    }
    core.pool.flush(cache.blocks);
    return put;
}

}  // namespace patchbay::multiplexer
