// SPDX-License-Identifier: Apache-2.0
/// \file
/// The part of a delivery that makes nodes: payload, references, receipts, parents, reserved room,
/// and how all that is undone when the mailbox refuses.
#include "multiplexer/delivery.hpp"

#include <cstring>

namespace patchbay::multiplexer {

namespace {

/// Offset of a view in a block's payload; false when it does not lie inside.
class Views {
  public:
    explicit Views(Node& block) noexcept
        : base_(reinterpret_cast<std::uintptr_t>(block.payload())), capacity_(block.capacity) {}

    [[nodiscard]] std::uint32_t at(const void* data, std::uint32_t size) noexcept {
        if (size == 0) {
            return 0;
        }
        const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(data) - base_;
        inside_ = inside_ && offset <= capacity_ && size <= capacity_ - offset;
        return static_cast<std::uint32_t>(offset);
    }
    [[nodiscard]] bool inside() const noexcept { return inside_; }

  private:
    std::uintptr_t base_;
    std::uint32_t capacity_;
    bool inside_ = true;
};

/// Makes `node` show the same parts as `of`.
void copy_view(Node& node, const Node& of) noexcept {
    node.block = of.block;
    node.to_at = of.to_at;
    node.sender_at = of.sender_at;
    node.protocol_at = of.protocol_at;
    node.message_at = of.message_at;
    node.to_size = of.to_size;
    node.sender_size = of.sender_size;
    node.protocol_size = of.protocol_size;
    node.connection_size = of.connection_size;
    node.message_size = of.message_size;
    node.uri_size = of.uri_size;
    node.uri_at = of.uri_at;
    node.connection_at = of.connection_at;
    node.hops = of.hops;
    node.agent = of.agent;
    node.to_handle = of.to_handle;
    node.protocol_handle = of.protocol_handle;
    node.source_lane.store(of.source_lane.load(std::memory_order_relaxed),
                           std::memory_order_relaxed);
    node.outcome.store(PATCHBAY_RECEIPT_DONE, std::memory_order_relaxed);
    node.receipt = 0;
}

void set_phase(Node& node, Phase phase) noexcept {
    node.state.store(
        node_state::make(node_state::epoch(node.state.load(std::memory_order_relaxed)), phase),
        std::memory_order_release);
}

}  // namespace

bool Delivery::prepare(std::uint32_t item, Mailbox& box, Prepared& prepared) {
    prepared.item = item;
    prepared.credit = nullptr;
    const patchbay_envelope& envelope = *scratch_.items[item].envelope;
    if (!(envelope.block != nullptr ? take_payload(item, prepared)
                                    : copy_payload(item, prepared))) {
        return false;
    }
    fill(item, *prepared.node);
    if (((envelope.flags & (PATCHBAY_ENVELOPE_RECEIPT | PATCHBAY_ENVELOPE_REQUEST)) != 0 ||
         envelope.parent != 0) &&
        !link(item, box, prepared)) {
        undo(prepared);
        return false;
    }
    return true;
}

// ---- Payload ----

bool Delivery::take_payload(std::uint32_t item, Prepared& prepared) {
    const patchbay_envelope& envelope = *scratch_.items[item].envelope;
    Node* block = core_.pool.check(envelope.block);
    if (block == nullptr || block_refs::all(block->refs.load(std::memory_order_relaxed)) == 0) {
        invalid(item, PATCHBAY_REASON_BAD_VIEW);
        return false;
    }
    Views views(*block);
    const std::uint32_t to_at = views.at(envelope.to, envelope.to_size);
    const std::uint32_t sender_at = views.at(envelope.sender, envelope.sender_size);
    const std::uint32_t protocol_at = views.at(envelope.protocol_id, envelope.protocol_id_size);
    const std::uint32_t message_at = views.at(envelope.message, envelope.message_size);
    const std::uint32_t uri_at = views.at(envelope.uri, envelope.uri_size);
    const std::uint32_t connection_at =
        views.at(envelope.connection_id, envelope.connection_id_size);
    if (!views.inside() || !take_reference(envelope, *block, prepared)) {
        invalid(item, PATCHBAY_REASON_BAD_VIEW);
        return false;
    }
    Node* node = block;
    std::uint64_t state = block->state.load(std::memory_order_relaxed);
    if (node_state::phase(state) != Phase::free ||
        !block->state.compare_exchange_strong(state, node_state::with_phase(state, Phase::queued),
                                              std::memory_order_acq_rel)) {
        // The block's own node is in use: another one, without payload, refers to the block.
        node = core_.pool.allocate(cache_.blocks, 0);
        if (node == nullptr) {
            drop_reference(*block, prepared.origin);
            core_.starved.store(true, std::memory_order_relaxed);
            refuse_until_receipts(item);
            return false;
        }
        node->refs.store(block_refs::one, std::memory_order_relaxed);
        node->owner.store(0, std::memory_order_relaxed);
        set_phase(*node, Phase::queued);
    }
    prepared.node = node;
    node->block = block;
    node->to_at = to_at;
    node->sender_at = sender_at;
    node->protocol_at = protocol_at;
    node->message_at = message_at;
    node->uri_at = uri_at;
    node->connection_at = connection_at;
    return true;
}

bool Delivery::take_reference(const patchbay_envelope& envelope, Node& block, Prepared& prepared) {
    GenerationCore& generation = *lane_.generation;
    if ((envelope.flags & PATCHBAY_ENVELOPE_GIVE_BLOCK) == 0) {
        block.refs.fetch_add(block_refs::one, std::memory_order_relaxed);
        prepared.origin = Prepared::Origin::shared;
        return true;
    }
    if (block.owner.load(std::memory_order_relaxed) == generation.uid) {
        std::uint64_t refs = block.refs.load(std::memory_order_relaxed);
        if (refs == block_refs::owned) {
            // The only reference is the caller's, and he gives it: nobody else can change it.
            block.refs.store(block_refs::one, std::memory_order_relaxed);
        } else {
            do {
                if (block_refs::by_owner(refs) == 0) {
                    source_.misbehaved(
                        "block.not_held",
                        "an envelope gives a block that the generation does not hold");
                    return false;
                }
            } while (!block.refs.compare_exchange_weak(
                refs, refs - block_refs::owned + block_refs::one, std::memory_order_acq_rel));
        }
        if (block_refs::by_owner(refs) == 1) {
            cache_.add_held(source_, -std::int64_t{block.capacity});
        }
        prepared.origin = Prepared::Origin::given_by_owner;
        return true;
    }
    const std::lock_guard lock(generation.retained_mutex);
    const auto found = generation.retained.find(&block);
    if (found == generation.retained.end()) {
        source_.misbehaved("block.not_held",
                           "an envelope gives a block that the generation does not hold");
        return false;
    }
    if (--found->second == 0) {
        generation.retained.erase(found);
    }
    prepared.origin = Prepared::Origin::given_retained;
    return true;
}

void Delivery::drop_reference(Node& block, Prepared::Origin origin) noexcept {
    switch (origin) {
        case Prepared::Origin::given_by_owner:
            if (block_refs::by_owner(block.refs.fetch_add(block_refs::owned - block_refs::one,
                                                          std::memory_order_acq_rel)) == 0) {
                cache_.add_held(source_, std::int64_t{block.capacity});
            }
            return;
        case Prepared::Origin::given_retained: {
            GenerationCore& generation = *lane_.generation;
            const std::lock_guard lock(generation.retained_mutex);
            try {
                ++generation.retained[&block];
            } catch (const std::bad_alloc&) {
                core_.unreference(cache_, block);
            }
            return;
        }
        case Prepared::Origin::shared:
        case Prepared::Origin::copied:
            core_.unreference(cache_, block);
            return;
    }
}

bool Delivery::copy_payload(std::uint32_t item, Prepared& prepared) {
    const patchbay_envelope& envelope = *scratch_.items[item].envelope;
    const std::size_t size = std::size_t{envelope.to_size} + envelope.sender_size +
                             envelope.protocol_id_size + envelope.message_size + envelope.uri_size +
                             envelope.connection_id_size;
    const std::uint32_t size_class = core_.pool.class_of(size);
    if (size_class == pool_classes) {
        invalid(item, PATCHBAY_REASON_TOO_LARGE);
        return false;
    }
    Node* node = core_.pool.allocate(cache_.blocks, size_class);
    if (node == nullptr) {
        core_.starved.store(true, std::memory_order_relaxed);
        refuse_until_receipts(item);
        return false;
    }
    node->refs.store(block_refs::one, std::memory_order_relaxed);
    node->owner.store(0, std::memory_order_relaxed);
    node->block = node;
    std::uint32_t at = 0;
    const auto copy = [&](const void* data, std::uint32_t length) {
        const std::uint32_t place = at;
        if (length != 0) {
            std::memcpy(node->payload() + at, data, length);
        }
        at += length;
        return place;
    };
    node->to_at = copy(envelope.to, envelope.to_size);
    node->sender_at = copy(envelope.sender, envelope.sender_size);
    node->protocol_at = copy(envelope.protocol_id, envelope.protocol_id_size);
    node->message_at = copy(envelope.message, envelope.message_size);
    node->uri_at = copy(envelope.uri, envelope.uri_size);
    node->connection_at = copy(envelope.connection_id, envelope.connection_id_size);
    set_phase(*node, Phase::queued);
    prepared.node = node;
    prepared.origin = Prepared::Origin::copied;
    return true;
}

void Delivery::undo(const Prepared& prepared) noexcept {
    Node* node = prepared.node;
    Node* block = node->block;
    // Nobody saw the token: the epoch may stay.
    set_phase(*node, Phase::free);
    if (node != block) {
        core_.unreference(cache_, *node);
    }
    drop_reference(*block, prepared.origin);
}

// ---- Receipts, parents, reserved room ----

bool Delivery::link(std::uint32_t item, Mailbox& box, Prepared& prepared) {
    const patchbay_envelope& envelope = *scratch_.items[item].envelope;
    Node& node = *prepared.node;
    if (envelope.parent != 0 && !link_parent(envelope, box, prepared)) {
        invalid(item, PATCHBAY_REASON_BAD_PARENT);
        return false;
    }
    if ((envelope.flags & PATCHBAY_ENVELOPE_RECEIPT) != 0) {
        if (lane_.receipts_due.fetch_add(1, std::memory_order_acq_rel) >=
            source_.options.receipt_limit) {
            lane_.receipts_due.fetch_sub(1, std::memory_order_acq_rel);
            unlink(prepared);
            refuse_until_receipts(item);
            return false;
        }
        node.flags.fetch_or(PATCHBAY_ENVELOPE_RECEIPT | node_tracked, std::memory_order_relaxed);
    }
    if ((envelope.flags & PATCHBAY_ENVELOPE_REQUEST) != 0 && !to_several_) {
        Mailbox& own = *source_.box(lane_.index);
        if (!own.reserve()) {
            unlink(prepared);
            refuse(item, own);
            return false;
        }
        node.flags.fetch_or(PATCHBAY_ENVELOPE_REQUEST, std::memory_order_relaxed);
        node.state.fetch_or(node_state::credit, std::memory_order_relaxed);
    }
    return true;
}

bool Delivery::link_parent(const patchbay_envelope& envelope, Mailbox& box, Prepared& prepared) {
    Node* parent = core_.pool.at(static_cast<std::uint32_t>(envelope.parent));
    if (parent == nullptr) {
        return false;
    }
    const auto epoch = static_cast<std::uint32_t>(envelope.parent >> 32U);
    std::uint64_t state = parent->state.load(std::memory_order_acquire);
    std::uint64_t wanted = 0;
    bool tracked = false;
    do {
        if (node_state::epoch(state) != epoch || node_state::phase(state) != Phase::taken ||
            parent->holder.load(std::memory_order_relaxed) != lane_.generation->uid) {
            return false;
        }
        wanted = state;
        prepared.credit = nullptr;
        if ((state & node_state::credit) != 0 && !to_several_) {
            const std::uint32_t asker = parent->source_lane.load(std::memory_order_relaxed);
            LaneCore* body = core_.body_at(asker);
            Mailbox* reserved = body->instance.box(body->index);
            if (reserved == &box || body->inbox.load(std::memory_order_acquire) == &box) {
                prepared.credit = reserved;
                wanted &= ~node_state::credit;
            }
        }
        tracked = (parent->flags.load(std::memory_order_relaxed) & node_tracked) != 0 &&
                  (state & node_state::settled) == 0;
        if (tracked) {
            wanted += node_state::child;
        }
    } while (wanted != state &&
             !parent->state.compare_exchange_weak(state, wanted, std::memory_order_acq_rel,
                                                  std::memory_order_acquire));
    if (tracked) {
        prepared.node->parent = envelope.parent;
        prepared.node->flags.fetch_or(node_tracked, std::memory_order_relaxed);
    }
    return true;
}

void Delivery::unlink(const Prepared& prepared) noexcept {
    Node& node = *prepared.node;
    const std::uint16_t flags = node.flags.load(std::memory_order_relaxed);
    if (node.parent != 0) {
        core_.release_child(cache_, *core_.pool.at(static_cast<std::uint32_t>(node.parent)));
    }
    if ((flags & PATCHBAY_ENVELOPE_RECEIPT) != 0) {
        lane_.receipts_due.fetch_sub(1, std::memory_order_acq_rel);
    }
    if ((node.state.load(std::memory_order_relaxed) & node_state::credit) != 0) {
        source_.box(lane_.index)->unreserve();
    }
    if (prepared.credit != nullptr) {
        prepared.credit->unreserve();
    }
}

void Delivery::refuse_until_receipts(std::uint32_t item) {
    refuse_own(item);
    lane_.waits_for_itself.store(true, std::memory_order_seq_cst);
    if (!core_.starved.load(std::memory_order_relaxed) &&
        lane_.receipts_due.load(std::memory_order_seq_cst) <= source_.options.receipt_limit / 2 &&
        lane_.waits_for_itself.exchange(false, std::memory_order_acq_rel)) {
        lane_.post({PATCHBAY_SIGNAL_ROOM, PATCHBAY_OK, 0, source_.number, {}, {}});
    }
}

// ---- Several consumers ----

void Delivery::deliver_to_all(std::uint32_t index, const std::vector<LaneRef>& all) {
    // All of them or none: the result is one. The receipt waits for all, through a root node.
    const patchbay_envelope& envelope = *scratch_.items[index].envelope;
    for (const LaneRef ref : all) {
        InstanceCore* destination = map_.core(instance_of(ref));
        if (destination == nullptr || !destination->policy.allows(scratch_.items[index].protocol)) {
            bury(index, destination,
                 destination == nullptr ? PATCHBAY_REASON_NOT_CONNECTED
                                        : PATCHBAY_REASON_PROTOCOL_REFUSED);
            return;
        }
        Mailbox& box = *destination->box_for(ref, lane_.slot);
        if (box.is_closed()) {
            bury(index, destination, PATCHBAY_REASON_NOT_CONNECTED);
            return;
        }
        if (is_full(box) || box.room(1) == 0) {
            refuse(index, box);
            return;
        }
    }
    Mailbox& first_box = *map_.core(instance_of(all.front()))->box_for(all.front(), lane_.slot);
    Prepared prepared{};
    to_several_ = true;
    const bool made = prepare(index, first_box, prepared);
    to_several_ = false;
    if (!made) {
        return;
    }
    Node& root = *prepared.node;
    root.outcome.store(PATCHBAY_RECEIPT_DONE, std::memory_order_relaxed);
    const std::uint64_t state = root.state.load(std::memory_order_relaxed);
    const std::uint64_t waiting = node_state::with_phase(state, Phase::waiting);
    // One child for us, so that it is not finished before all got theirs.
    root.state.store(waiting + node_state::child, std::memory_order_release);
    const std::uint64_t token = token_of(core_.pool, root, waiting);
    for (const LaneRef ref : all) {
        InstanceCore& destination = *map_.core(instance_of(ref));
        Mailbox& box = *destination.box_for(ref, lane_.slot);
        Node* copy = core_.pool.allocate(cache_.blocks, 0);
        Mailbox::Pushed pushed;
        if (copy != nullptr) {
            copy->refs.store(block_refs::one, std::memory_order_relaxed);
            copy->owner.store(0, std::memory_order_relaxed);
            copy_view(*copy, root);
            root.block->refs.fetch_add(block_refs::one, std::memory_order_relaxed);
            root.state.fetch_add(node_state::child, std::memory_order_relaxed);
            copy->parent = token;
            copy->flags.store(node_tracked, std::memory_order_relaxed);
            copy->state.store(
                node_state::with_phase(copy->state.load(std::memory_order_relaxed), Phase::queued),
                std::memory_order_relaxed);
            const auto units = static_cast<std::uint32_t>(node_units(*copy));
            pushed = box.push(&copy, &units, 1, true);
            if (pushed.count != 0) {
                std::atomic_thread_fence(std::memory_order_seq_cst);
                if (LaneCore* taker = box.taker.load(std::memory_order_acquire)) {
                    taker->notify_envelopes();
                }
                continue;
            }
            core_.discard(cache_, *copy, copy->state.load(std::memory_order_relaxed));
            core_.release_child(cache_, root);
        }
        core_.worsen(root, PATCHBAY_RECEIPT_DEAD_LETTERED, nullptr);
        core_.dead_letter(core_.parts_of(root), nullptr, &source_, &destination,
                          PATCHBAY_REASON_NOT_CONNECTED, "", "");
    }
    accepted_ += 1;
    accepted_bytes_ += envelope.message_size;
    set_result(index, PATCHBAY_DELIVERY_ACCEPTED, 0, instance_of(all.front()));
    core_.release_child(cache_, root);
}

}  // namespace patchbay::multiplexer
