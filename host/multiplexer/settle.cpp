// SPDX-License-Identifier: Apache-2.0
/// \file
/// What becomes of nodes after they were taken: completion, children, receipts, release.
///
/// A node's state word decides who reports its outcome. Only a taken node can be completed, and
/// only by the one whose compare-and-swap moves it out of that phase. A node with children moves to
/// `waiting`; whoever settles the last child of a waiting node finishes it. Nobody else changes a
/// waiting node without children, so that one may finish it without further ado.
#include "multiplexer/core.hpp"

#include <algorithm>
#include <new>
#include <thread>
#include <utility>

namespace patchbay::multiplexer {

namespace {

[[nodiscard]] bool has_children(std::uint64_t state) noexcept {
    return (state & node_state::children_mask) != 0;
}

[[nodiscard]] std::string_view text_of(Node& node, std::uint32_t at, std::uint32_t size) noexcept {
    return {reinterpret_cast<const char*>(node.block->payload()) + at, size};
}

}  // namespace

EnvelopeParts Multiplexer::Core::parts_of(Node& node) const noexcept {
    EnvelopeParts parts;
    parts.to = text_of(node, node.to_at, node.to_size);
    parts.sender = text_of(node, node.sender_at, node.sender_size);
    parts.protocol_id = text_of(node, node.protocol_at, node.protocol_size);
    parts.message = text_of(node, node.message_at, node.message_size);
    parts.uri = text_of(node, node.uri_at, node.uri_size);
    parts.connection_id = text_of(node, node.connection_at, node.connection_size);
    parts.hops = node.hops;
    parts.from_host = (node.flags.load(std::memory_order_relaxed) & node_from_host) != 0;
    return parts;
}

void Multiplexer::Core::unreference(ThreadCache& cache, Node& block) noexcept {
    // Alone: nobody can add a reference who does not have one.
    if (block_refs::all(block.refs.load(std::memory_order_acquire)) == 1 ||
        block_refs::all(block.refs.fetch_sub(block_refs::one, std::memory_order_acq_rel)) == 1) {
        pool.free(cache.blocks, &block);
    }
}

void Multiplexer::Core::discard(ThreadCache& cache, Node& node, std::uint64_t state) noexcept {
    if (node.failure.load(std::memory_order_relaxed) != nullptr) {
        delete node.failure.exchange(nullptr, std::memory_order_relaxed);
    }
    Node* block = node.block;
    node.state.store(node_state::freed(state), std::memory_order_release);
    unreference(cache, *block);
    if (block != &node) {
        unreference(cache, node);
    }
}

void Multiplexer::Core::finish(ThreadCache& cache, Node& node, std::uint64_t state) noexcept {
    if ((node.flags.load(std::memory_order_relaxed) & node_tracked) != 0 &&
        (state & node_state::settled) == 0) {
        const std::uint32_t outcome = node.outcome.load(std::memory_order_acquire);
        const Failure* failure = node.failure.load(std::memory_order_acquire);
        if ((node.flags.load(std::memory_order_relaxed) & PATCHBAY_ENVELOPE_RECEIPT) != 0) {
            post_receipt(node.source_lane.load(std::memory_order_relaxed), node.receipt, outcome,
                         failure);
        }
        if (node.parent != 0) {
            settle_child(cache, node.parent, outcome, failure);
        }
    }
    discard(cache, node, state);
}

void Multiplexer::Core::worsen(Node& node, std::uint32_t outcome, const Failure* failure) noexcept {
    std::uint16_t before = node.outcome.load(std::memory_order_relaxed);
    while (before < outcome &&
           !node.outcome.compare_exchange_weak(before, static_cast<std::uint16_t>(outcome),
                                               std::memory_order_acq_rel)) {
    }
    if (before < outcome && failure != nullptr) {
        auto* copy = new (std::nothrow) Failure(*failure);
        Failure* none = nullptr;
        // The first failure is the one that is told.
        if (copy != nullptr &&
            !node.failure.compare_exchange_strong(none, copy, std::memory_order_acq_rel)) {
            delete copy;
        }
    }
}

void Multiplexer::Core::settle_child(ThreadCache& cache, std::uint64_t parent,
                                     std::uint32_t outcome, const Failure* failure) noexcept {
    // The child's count keeps the parent: the token cannot be stale.
    Node& node = *pool.at(static_cast<std::uint32_t>(parent));
    if (outcome != PATCHBAY_RECEIPT_DONE) {
        worsen(node, outcome, failure);
    }
    release_child(cache, node);
}

void Multiplexer::Core::release_child(ThreadCache& cache, Node& node) noexcept {
    const std::uint64_t state =
        node.state.fetch_sub(node_state::child, std::memory_order_acq_rel) - node_state::child;
    if (node_state::phase(state) == Phase::waiting && !has_children(state)) {
        finish(cache, node, state);
    }
}

void Multiplexer::Core::post_receipt(std::uint32_t lane, std::uint64_t receipt,
                                     std::uint32_t outcome, const Failure* failure) noexcept {
    LaneCore* body = body_at(lane);
    if (body == nullptr) {
        return;
    }
    LaneCore* target = lane_at(lane);
    bool posted = false;
    if (target != nullptr) {
        try {
            Signal signal;
            signal.kind = PATCHBAY_SIGNAL_RECEIPT;
            signal.token = receipt;
            signal.value = outcome;
            if (failure != nullptr) {
                signal.status = failure->status;
                signal.name = failure->code;
            }
            posted = target->post(std::move(signal));
        } catch (const std::bad_alloc&) {
            posted = false;
        }
    }
    (posted ? body->instance.receipts : body->instance.receipts_lost)
        .fetch_add(1, std::memory_order_relaxed);
}

void Multiplexer::Core::return_credit(const Node& node) noexcept {
    // Lanes' bodies stay with their instance and index, so the mailbox is the right one even when
    // the generation is gone.
    if (const LaneCore* source = body_at(node.source_lane.load(std::memory_order_relaxed))) {
        Mailbox& box = *source->instance.box(source->index);
        box.unreserve();
        if (box.has_waiters() && box.is_half_empty()) {
            const_cast<Core*>(this)->signal_room(box);
        }
    }
}

void CompletionTally::flush(ThreadCache& cache) noexcept {
    if (lane_ == nullptr || count_ == 0) {
        return;
    }
    if (gated_) {
        multiplexer::add(lane_->counters[2].completed, count_, true);
    } else {
        const bool exclusive = is_exclusive(*lane_, cache);
        multiplexer::add(lane_->counters_of(exclusive).completed, count_, exclusive);
    }
    count_ = 0;
}

bool Multiplexer::Core::complete(ThreadCache& cache, GenerationCore& generation,
                                 std::uint64_t token, const Completion& completion,
                                 CompletionTally& tally) noexcept {
    Node* node = pool.at(static_cast<std::uint32_t>(token));
    if (node == nullptr) {
        return false;
    }
    std::uint64_t state = node->state.load(std::memory_order_acquire);
    const auto epoch = static_cast<std::uint32_t>(token >> 32U);
    const auto is_held = [&] {
        return node_state::epoch(state) == epoch && node_state::phase(state) == Phase::taken &&
               node->holder.load(std::memory_order_relaxed) == generation.uid;
    };
    if (!is_held()) {
        return false;
    }
    const std::uint32_t taker = node->taker.load(std::memory_order_relaxed);
    // Failures are told before the node can be finished by somebody else: they need its fields, so
    // it gets a child that keeps it.
    const bool failed = completion.status < 0 || completion.status == PATCHBAY_NOT_MINE;
    const std::uint64_t keeps = failed ? node_state::child : 0;
    // Whoever is asked next may still answer with the reserved room.
    const std::uint64_t drops = completion.status == PATCHBAY_NOT_MINE ? 0 : node_state::credit;
    while (!node->state.compare_exchange_weak(
        state, (node_state::with_phase(state, Phase::waiting) & ~drops) + keeps,
        std::memory_order_acq_rel, std::memory_order_acquire)) {
        if (!is_held()) {
            return false;
        }
    }
    if ((state & drops) != 0) {
        return_credit(*node);
    }
    tally.add(cache, body_at(taker));
    if (!failed) {
        if (has_children(state)) {
            return true;
        }
        if ((node->flags.load(std::memory_order_relaxed) & node_tracked) == 0 &&
            node->block == node && node->refs.load(std::memory_order_acquire) == block_refs::one &&
            node->failure.load(std::memory_order_relaxed) == nullptr) [[likely]] {
            // The usual case of `finish`: nobody waits for the outcome, nobody shares the block.
            node->state.store(node_state::freed(state), std::memory_order_release);
            pool.free(cache.blocks, node);
        } else {
            finish(cache, *node,
                   node_state::with_phase(state, Phase::waiting) & ~node_state::credit);
        }
        return true;
    }
    fail(cache, generation, *node, state, completion);
    return true;
}

void Multiplexer::Core::fail(ThreadCache& cache, GenerationCore& generation, Node& node,
                             std::uint64_t state, const Completion& completion) noexcept {
    InstanceCore& instance = generation.instance;
    if (completion.status == PATCHBAY_NOT_MINE) {
        instance.not_mine.fetch_add(1, std::memory_order_relaxed);
        if (!has_children(state) && (state & node_state::settled) == 0 &&
            ask_older(generation, node)) {
            return;
        }
        if ((node.state.fetch_and(~node_state::credit, std::memory_order_acq_rel) &
             node_state::credit) != 0) {
            return_credit(node);
        }
    } else {
        instance.failed.fetch_add(1, std::memory_order_relaxed);
    }
    if ((state & node_state::settled) == 0) {
        const bool not_mine = completion.status == PATCHBAY_NOT_MINE;
        try {
            const Failure failure{completion.status,
                                  not_mine ? "not_mine" : std::string(completion.code)};
            worsen(node, not_mine ? PATCHBAY_RECEIPT_DEAD_LETTERED : PATCHBAY_RECEIPT_FAILED,
                   &failure);
        } catch (const std::bad_alloc&) {
            worsen(node, PATCHBAY_RECEIPT_FAILED, nullptr);
        }
        LaneCore* source = lane_at(node.source_lane.load(std::memory_order_relaxed));
        const LaneCore* body = body_at(node.source_lane.load(std::memory_order_relaxed));
        dead_letter(parts_of(node), source,
                    body != nullptr ? const_cast<InstanceCore*>(&body->instance) : nullptr,
                    &instance, not_mine ? PATCHBAY_REASON_NOT_MINE : PATCHBAY_REASON_SEND_FAILED,
                    completion.code, completion.text);
    }
    release_child(cache, node);
}

bool Multiplexer::Core::ask_older(GenerationCore& generation, Node& node) noexcept {
    const std::lock_guard lock(generation.instance.mutex);
    GenerationCore* older = nullptr;
    for (const auto& candidate : generation.instance.generations) {
        if (candidate->number < generation.number &&
            candidate.get() != generation.instance.current.load(std::memory_order_relaxed)) {
            older = candidate.get();  // the newest of those that are older
        }
    }
    if (older == nullptr) {
        return false;
    }
    const LaneCore* taker = body_at(node.taker.load(std::memory_order_relaxed));
    const std::size_t index = taker != nullptr ? taker->index % older->lanes.size() : 0;
    LaneCore& lane = *older->lanes[index];
    // A new epoch: the token that the newer generation had names nothing any more.
    const std::uint64_t state = node.state.load(std::memory_order_relaxed);
    const std::uint64_t fresh = node_state::with_phase(node_state::freed(state), Phase::queued) |
                                (state & node_state::credit);
    node.state.store(fresh, std::memory_order_release);
    Node* pointer = &node;
    const auto units = static_cast<std::uint32_t>(node_units(node));
    if (lane.own_box.push(&pointer, &units, 1, true).count == 0) {
        node.state.store(node_state::with_phase(fresh, Phase::waiting) + node_state::child,
                         std::memory_order_release);
        return false;
    }
    std::atomic_thread_fence(std::memory_order_seq_cst);
    lane.notify_envelopes();
    return true;
}

void Multiplexer::Core::bury(ThreadCache& cache, Node& node, InstanceCore* destination,
                             std::uint32_t reason, std::string_view text) noexcept {
    const std::uint64_t state = node.state.load(std::memory_order_relaxed);
    const LaneCore* body = body_at(node.source_lane.load(std::memory_order_relaxed));
    dead_letter(parts_of(node), lane_at(node.source_lane.load(std::memory_order_relaxed)),
                body != nullptr ? const_cast<InstanceCore*>(&body->instance) : nullptr, destination,
                reason, reason_name(reason), text);
    if ((state & node_state::credit) != 0) {
        return_credit(node);
    }
    worsen(node, PATCHBAY_RECEIPT_DEAD_LETTERED, nullptr);
    finish(cache, node, node_state::with_phase(state, Phase::waiting) & ~node_state::credit);
}

std::uint64_t Multiplexer::Core::bury_all(ThreadCache& cache, Mailbox& box, std::uint32_t reason,
                                          std::string_view text) noexcept {
    std::uint64_t count = 0;
    Node* nodes[64];
    box.lock();
    for (;;) {
        const std::uint32_t got = box.take(nodes, 64);
        if (got == 0) {
            if (box.is_empty()) {
                break;
            }
            std::this_thread::yield();  // somebody is about to fill the slot it claimed
            continue;
        }
        std::uint64_t units = 0;
        for (std::uint32_t i = 0; i < got; ++i) {
            units += node_units(*nodes[i]);
        }
        box.took(got, units);
        for (std::uint32_t i = 0; i < got; ++i) {
            bury(cache, *nodes[i], &box.instance(), reason, text);
        }
        count += got;
    }
    box.unlock();
    return count;
}

}  // namespace patchbay::multiplexer
