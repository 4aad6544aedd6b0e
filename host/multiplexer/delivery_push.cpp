// SPDX-License-Identifier: Apache-2.0
/// \file
/// The part of a delivery after every envelope has its mailbox: pushing runs, dispatching on the
/// deliverer's thread, results, waking.
#include "multiplexer/delivery.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::multiplexer {

namespace {

[[nodiscard]] std::string_view text(const char* data, std::uint32_t size) noexcept {
    return {data, size};
}

[[nodiscard]] EnvelopeParts parts_of(const patchbay_envelope& envelope) noexcept {
    EnvelopeParts parts;
    parts.to = text(envelope.to, envelope.to_size);
    parts.sender = text(envelope.sender, envelope.sender_size);
    parts.protocol_id = text(envelope.protocol_id, envelope.protocol_id_size);
    parts.message = {reinterpret_cast<const char*>(envelope.message), envelope.message_size};
    parts.uri = text(envelope.uri, envelope.uri_size);
    parts.connection_id = text(envelope.connection_id, envelope.connection_id_size);
    parts.hops = envelope.hops;
    return parts;
}

}  // namespace

// ---- Results ----

void Delivery::invalid(std::uint32_t item, std::uint32_t reason) {
    ++invalid_;
    set_result(item, PATCHBAY_DELIVERY_INVALID, reason, 0);
}

bool Delivery::is_full(const Mailbox& box) const noexcept {
    return !scratch_.full.empty() &&
           std::find(scratch_.full.begin(), scratch_.full.end(), &box) != scratch_.full.end();
}

void Delivery::refuse(std::uint32_t item, Mailbox& box) {
    ++full_;
    set_result(item, PATCHBAY_DELIVERY_FULL, PATCHBAY_REASON_NONE, box.instance().number);
    if (is_full(box)) {
        return;
    }
    scratch_.full.push_back(&box);
    box.wait_for_room(lane_.uid.load(std::memory_order_relaxed));
    // Pairs with the consumer, who publishes what it took before it looks for waiters: if it did
    // not see us, we see what it took.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (box.is_half_empty()) {
        core_.signal_room(box);
    }
}

void Delivery::refuse_own(std::uint32_t item) {
    ++full_;
    set_result(item, PATCHBAY_DELIVERY_FULL, PATCHBAY_REASON_NONE, source_.number);
}

void Delivery::refuse_until_resumed(std::uint32_t item) {
    refuse_own(item);
    lane_.waits_for_itself.store(true, std::memory_order_seq_cst);
    // Whoever resumes may have looked a moment ago: `tick` looks again.
    core_.starved.store(true, std::memory_order_relaxed);
}

void Delivery::bury(std::uint32_t item, InstanceCore* destination, std::uint32_t reason) {
    const patchbay_envelope& envelope = *scratch_.items[item].envelope;
    // A parent whose child was lost is not done.
    if (envelope.parent != 0) {
        if (Node* parent = core_.pool.at(static_cast<std::uint32_t>(envelope.parent))) {
            const std::uint64_t state = parent->state.load(std::memory_order_acquire);
            if (node_state::epoch(state) == static_cast<std::uint32_t>(envelope.parent >> 32U) &&
                node_state::phase(state) == Phase::taken &&
                parent->holder.load(std::memory_order_relaxed) == lane_.generation->uid) {
                core_.worsen(*parent, PATCHBAY_RECEIPT_DEAD_LETTERED, nullptr);
            }
        }
    }
    core_.dead_letter(parts_of(envelope), &lane_, &source_, destination, reason, "", "");
    set_result(item, PATCHBAY_DELIVERY_DEAD_LETTERED, reason,
               destination != nullptr ? destination->number : 0);
}

// ---- Pushing ----

void Delivery::flush_runs() {
    for (std::uint32_t i = 0; i < scratch_.run_count; ++i) {
        flush_run(scratch_.runs[i]);
    }
}

void Delivery::flush_run(const Scratch::Run& run) {
    Mailbox& box = *run.box;
    std::uint32_t count = 0;
    std::uint32_t refused = 0;
    bool forced = false;
    // Once full, full for the rest of the call; only answers with reserved room still pass.
    std::uint32_t room = is_full(box) ? 0 : box.room(run.count);
    if (room < run.count && box.is_closed()) {
        room = run.count;  // the push finds out, and tells why
    }
    for (std::uint32_t i = run.first; i != delivery_chunk; i = scratch_.items[i].next) {
        Prepared& prepared = scratch_.prepared[count];
        const bool fits = count < room;
        if (!fits && scratch_.items[i].envelope->parent == 0) {
            scratch_.refused[refused++] = static_cast<std::uint8_t>(i);
            room = 0;
            continue;
        }
        if (!prepare_given(i, prepared) && !prepare(i, box, prepared)) {
            continue;
        }
        if (!fits && prepared.credit == nullptr) {
            unlink(prepared);
            undo(prepared);
            scratch_.refused[refused++] = static_cast<std::uint8_t>(i);
            room = 0;
            continue;
        }
        forced |= prepared.credit != nullptr;
        ++count;
    }
    if (count != 0 && (forced || !dispatch_inline(run, count))) {
        for (std::uint32_t i = 0; i < count;) {
            const bool force = scratch_.prepared[i].credit != nullptr;
            std::uint32_t end = i + 1;
            while (end < count && (scratch_.prepared[end].credit != nullptr) == force) {
                ++end;
            }
            push_prepared(box, i, end - i);
            i = end;
        }
    }
    for (std::uint32_t i = 0; i < refused; ++i) {
        refuse(scratch_.refused[i], box);
    }
}

inline bool Delivery::prepare_given(std::uint32_t item, Prepared& prepared) noexcept {
    const Item& from = scratch_.items[item];
    const patchbay_envelope& envelope = *from.envelope;
    Node* node = core_.pool.check(envelope.block);
    if (envelope.flags != PATCHBAY_ENVELOPE_GIVE_BLOCK || envelope.parent != 0 ||
        (envelope.uri_size | envelope.connection_id_size) != 0 || node == nullptr ||
        node->owner.load(std::memory_order_relaxed) != generation_uid_ ||
        node->refs.load(std::memory_order_relaxed) != block_refs::owned) {
        return false;
    }
    const std::uint64_t state = node->state.load(std::memory_order_relaxed);
    const auto base = reinterpret_cast<std::uintptr_t>(node->payload());
    const std::uint64_t capacity = node->capacity;
    const std::uint64_t to_at = reinterpret_cast<std::uintptr_t>(envelope.to) - base;
    const std::uint64_t sender_at = reinterpret_cast<std::uintptr_t>(envelope.sender) - base;
    const std::uint64_t protocol_at = reinterpret_cast<std::uintptr_t>(envelope.protocol_id) - base;
    const std::uint64_t message_at =
        envelope.message_size != 0 ? reinterpret_cast<std::uintptr_t>(envelope.message) - base : 0;
    // Offsets before the block are huge; sizes have 32 bits, so no sum of an inner one wraps.
    if (((to_at | sender_at | protocol_at | message_at) >> 32U) != 0 ||
        to_at + envelope.to_size > capacity || sender_at + envelope.sender_size > capacity ||
        protocol_at + envelope.protocol_id_size > capacity ||
        message_at + envelope.message_size > capacity || node_state::phase(state) != Phase::free) {
        return false;
    }
    // The only reference is the caller's, and he gives it: nobody else can change the block.
    node->refs.store(block_refs::one, std::memory_order_relaxed);
    node->state.store(node_state::with_phase(state, Phase::queued), std::memory_order_relaxed);
    given_bytes_ += static_cast<std::int64_t>(capacity);
    node->block = node;
    node->to_at = static_cast<std::uint32_t>(to_at);
    node->sender_at = static_cast<std::uint32_t>(sender_at);
    node->protocol_at = static_cast<std::uint32_t>(protocol_at);
    node->message_at = static_cast<std::uint32_t>(message_at);
    node->uri_at = 0;
    node->connection_at = 0;
    fill(item, *node);
    prepared = {node, item, nullptr, Prepared::Origin::given_by_owner};
    return true;
}

void Delivery::fill(std::uint32_t item, Node& node) noexcept {
    const Item& from = scratch_.items[item];
    const patchbay_envelope& envelope = *from.envelope;
    node.to_size = static_cast<std::uint16_t>(envelope.to_size);
    node.sender_size = static_cast<std::uint16_t>(envelope.sender_size);
    node.protocol_size = static_cast<std::uint16_t>(envelope.protocol_id_size);
    node.connection_size = static_cast<std::uint16_t>(envelope.connection_id_size);
    node.message_size = envelope.message_size;
    node.uri_size = envelope.uri_size;
    node.flags.store(0, std::memory_order_relaxed);
    node.hops = static_cast<std::uint16_t>(envelope.hops + 1U);
    node.agent = from.agent;
    node.to_handle = from.entry + 1U;  // `none` becomes 0
    node.protocol_handle = from.protocol;
    node.source_lane.store(lane_uid_, std::memory_order_relaxed);
    node.outcome.store(PATCHBAY_RECEIPT_DONE, std::memory_order_relaxed);
    node.parent = 0;
    node.receipt = envelope.receipt;
}

void Delivery::push_prepared(Mailbox& box, std::uint32_t first, std::uint32_t count) {
    std::uint64_t bytes = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        Node* node = scratch_.prepared[first + i].node;
        scratch_.nodes[i] = node;
        scratch_.units[i] = static_cast<std::uint32_t>(node_units(*node));
    }
    const bool force = scratch_.prepared[first].credit != nullptr;
    const Mailbox::Pushed pushed =
        !force && is_full(box)
            ? Mailbox::Pushed{}
            : box.push(scratch_.nodes.data(), scratch_.units.data(), count, force);
    const std::uint32_t number = box.instance().number;
    for (std::uint32_t i = 0; i < count; ++i) {
        const Prepared& prepared = scratch_.prepared[first + i];
        if (i < pushed.count) {
            // The node is the receiver's now.
            bytes += scratch_.items[prepared.item].envelope->message_size;
            set_result(prepared.item, PATCHBAY_DELIVERY_ACCEPTED, 0, number);
            if (prepared.credit != nullptr) {
                prepared.credit->unreserve();
            }
            continue;
        }
        unlink(prepared);
        undo(prepared);
        if (pushed.closed) {
            bury(prepared.item, &box.instance(), PATCHBAY_REASON_NOT_CONNECTED);
        } else {
            refuse(prepared.item, box);
        }
    }
    accepted_ += pushed.count;
    accepted_bytes_ += bytes;
    wake_needed_ |= pushed.count != 0;
}

void Delivery::wake_receivers() noexcept {
    if (!std::exchange(wake_needed_, false)) {
        return;
    }
    // What was pushed is visible to whoever goes to sleep after this, and whoever slept before it
    // is visible to us.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    LaneGroup::Core* group = nullptr;
    std::uint64_t slots = 0;
    for (std::uint32_t i = 0; i < scratch_.run_count; ++i) {
        LaneCore* taker = scratch_.runs[i].box->taker.load(std::memory_order_acquire);
        if (taker == nullptr) {
            continue;
        }
        LaneGroup::Core* its_group = taker->group.load(std::memory_order_acquire);
        if (its_group == nullptr) {
            taker->notify_envelopes();
            continue;
        }
        if (its_group != group) {
            if (group != nullptr) {
                group->mark(slots);
            }
            group = its_group;
            slots = 0;
        }
        slots |= std::uint64_t{1} << taker->group_slot.load(std::memory_order_relaxed);
    }
    if (group != nullptr) {
        group->mark(slots);
    }
}

bool Delivery::dispatch_inline(const Scratch::Run& run, std::uint32_t count) {
    Mailbox& box = *run.box;
    LaneCore* lane = box.taker.load(std::memory_order_acquire);
    if (lane == nullptr || cache_.depth != 0 || cache_.shared ||
        lane->dispatch.load(std::memory_order_relaxed) == nullptr || lane == &lane_ ||
        !box.try_lock()) {
        return false;
    }
    // Under the gate: whoever forbids dispatch waits for it, whoever takes is outside.
    InlineDispatch* dispatch = lane->dispatch.load(std::memory_order_seq_cst);
    if (dispatch == nullptr || !box.is_empty() || box.is_closed() ||
        lane->inbox.load(std::memory_order_acquire) != &box ||
        lane->instance.state.load(std::memory_order_acquire) != InstanceState::connected ||
        lane->in_flight() + count > lane->instance.options.in_flight_limit) {
        box.unlock();
        return false;
    }
    patchbay_array shown{sizeof(patchbay_array), sizeof(patchbay_envelope), count, 0,
                         scratch_.shown.data()};
    std::uint64_t bytes = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const Prepared& prepared = scratch_.prepared[i];
        bytes += prepared.node->message_size;
        hand_out(core_, *lane, *prepared.node, shown, i);
        scratch_.statuses[i] = PATCHBAY_OK;
        set_result(prepared.item, PATCHBAY_DELIVERY_ACCEPTED, 0, lane->instance.number);
    }
    LaneCounters& counters = lane->counters[2];
    add(counters.taken, count, true);
    add(counters.taken_bytes, bytes, true);
    add(counters.inline_dispatched, count, true);
    ++cache_.depth;
    dispatch->on_batch(*lane, shown, scratch_.statuses.data());
    --cache_.depth;
    CompletionTally tally(true);
    std::uint32_t failures = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const patchbay_status status = scratch_.statuses[i];
        if (status == PATCHBAY_PENDING) {
            continue;
        }
        const std::string_view code = status < 0 ? "send_failed" : "";
        core_.complete(cache_, *lane->generation, scratch_.shown[i].token, {status, code, ""},
                       tally);
        failures += status < 0 ? 1U : 0U;
    }
    tally.flush(cache_);
    box.unlock();
    if (failures != 0 && lane->instance.options.observer != nullptr) {
        lane->instance.options.observer->on_send_failed(
            lane->instance.number, {PATCHBAY_FAILED, "send_failed", ""}, failures);
    }
    // Somebody may have queued behind us; the lane was told, or is told by him.
    accepted_ += count;
    accepted_bytes_ += bytes;
    return true;
}

}  // namespace patchbay::multiplexer
