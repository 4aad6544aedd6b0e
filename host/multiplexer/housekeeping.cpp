// SPDX-License-Identifier: Apache-2.0
/// \file
/// What is done by scanning the pool, so that it costs the hot path nothing: time limits, and
/// taking back what a generation left behind.
#include "multiplexer/core.hpp"

#include <string>
#include <vector>

namespace patchbay::multiplexer {

namespace {
constexpr std::uint64_t second = 1'000'000'000;
}

void Multiplexer::Core::scan_for_overdue(ThreadCache& cache) noexcept {
    const std::uint32_t time = now.load(std::memory_order_relaxed);
    bool anything = false;
    {
        for (std::uint32_t i = 1; i < lane_end(*this) && !anything; ++i) {
            const LaneCore* lane = lanes[i].load(std::memory_order_acquire);
            anything = lane != nullptr && lane->in_flight() != 0;
        }
    }
    if (!anything) {
        return;
    }
    pool.for_each([&](Node& node) {
        std::uint64_t state = node.state.load(std::memory_order_acquire);
        if (node_state::phase(state) != Phase::taken || (state & node_state::settled) != 0) {
            return;
        }
        const std::uint32_t since = node.taken_at.load(std::memory_order_relaxed);
        LaneCore* lane = body_at(node.taker.load(std::memory_order_relaxed));
        if (lane == nullptr) {
            return;
        }
        const std::uint64_t limit = lane->instance.send_time_limit.load(std::memory_order_relaxed);
        if (limit == 0 || time - since <= (limit + second - 1) / second) {
            return;
        }
        // Settled now; the child is ours and keeps the node while we read it.
        if (!node.state.compare_exchange_strong(state,
                                                (state | node_state::settled) + node_state::child,
                                                std::memory_order_acq_rel)) {
            return;  // completed at this moment
        }
        settle_unknown(cache, node, PATCHBAY_REASON_TIME_LIMIT, "");
        lane->instance.overdue.fetch_add(1, std::memory_order_relaxed);
        lane->post(
            {PATCHBAY_SIGNAL_CANCEL, PATCHBAY_OVERLOADED, token_of(pool, node, state), 0, {}, {}});
        if (lane->instance.options.observer != nullptr) {
            lane->instance.options.observer->on_overdue(lane->instance.number, 1);
        }
        release_child(cache, node);
    });
}

void Multiplexer::Core::settle_unknown(ThreadCache& cache, Node& node, std::uint32_t reason,
                                       std::string_view text) noexcept {
    LaneCore* taker = body_at(node.taker.load(std::memory_order_relaxed));
    const std::uint32_t source = node.source_lane.load(std::memory_order_relaxed);
    LaneCore* source_body = body_at(source);
    dead_letter(parts_of(node), lane_at(source),
                source_body != nullptr ? &source_body->instance : nullptr,
                taker != nullptr ? &taker->instance : nullptr, reason, "", text);
    const std::uint16_t flags = node.flags.load(std::memory_order_relaxed);
    if ((flags & PATCHBAY_ENVELOPE_RECEIPT) != 0) {
        post_receipt(source, node.receipt, PATCHBAY_RECEIPT_UNKNOWN, nullptr);
    }
    if (node.parent != 0) {
        settle_child(cache, node.parent, PATCHBAY_RECEIPT_UNKNOWN, nullptr);
    }
}

void Multiplexer::Core::reclaim(ThreadCache& cache, GenerationCore& generation,
                                Reclaimed& reclaimed) noexcept {
    CompletionTally tally;
    pool.for_each([&](Node& node) {
        std::uint64_t state = node.state.load(std::memory_order_acquire);
        while (node_state::phase(state) == Phase::taken &&
               node.holder.load(std::memory_order_relaxed) == generation.uid) {
            const std::uint64_t waiting =
                (node_state::with_phase(state, Phase::waiting) & ~node_state::credit) |
                node_state::settled;
            if (!node.state.compare_exchange_weak(state, waiting + node_state::child,
                                                  std::memory_order_acq_rel)) {
                continue;
            }
            ++reclaimed.tokens;
            tally.add(cache, body_at(node.taker.load(std::memory_order_relaxed)));
            if ((state & node_state::credit) != 0) {
                return_credit(node);
            }
            if ((state & node_state::settled) == 0) {
                settle_unknown(cache, node, PATCHBAY_REASON_TIME_LIMIT, "it was never completed");
            }
            release_child(cache, node);
            break;
        }
        if (node.owner.load(std::memory_order_relaxed) != generation.uid) {
            return;
        }
        std::uint64_t refs = node.refs.load(std::memory_order_acquire);
        std::uint32_t held = block_refs::by_owner(refs);
        while (held != 0 && !node.refs.compare_exchange_weak(refs, refs - held * block_refs::owned,
                                                             std::memory_order_acq_rel)) {
            held = block_refs::by_owner(refs);
        }
        if (held == 0) {
            return;
        }
        ++reclaimed.blocks;
        reclaimed.block_bytes += node.capacity;
        cache.add_held(generation.instance, -std::int64_t{node.capacity});
        if (block_refs::all(refs) == held) {
            pool.free(cache.blocks, &node);
        }
    });
    tally.flush(cache);
    const std::lock_guard lock(generation.retained_mutex);
    for (const auto& [block, count] : generation.retained) {
        ++reclaimed.blocks;
        reclaimed.block_bytes += block->capacity;
        for (std::uint32_t i = 0; i < count; ++i) {
            unreference(cache, *block);
        }
    }
    generation.retained.clear();
    cache.flush_held();
}

}  // namespace patchbay::multiplexer
