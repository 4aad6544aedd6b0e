// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/delivery.hpp"

#include <patchbay/public_id.hpp>
#include <patchbay/utf8.hpp>

#include <algorithm>
#include <cstring>

namespace patchbay::multiplexer {

namespace {

[[nodiscard]] std::string_view view(const char* data, std::uint32_t size) noexcept {
    return {data, size};
}

[[nodiscard]] bool is_reply(const patchbay_origin& origin) noexcept {
    return (origin.instance | origin.generation | origin.lane | origin.check) != 0;
}

[[nodiscard]] EnvelopeParts parts_of(const patchbay_envelope& envelope) noexcept {
    EnvelopeParts parts;
    parts.to = view(envelope.to, envelope.to_size);
    parts.sender = view(envelope.sender, envelope.sender_size);
    parts.protocol_id = view(envelope.protocol_id, envelope.protocol_id_size);
    parts.message = {reinterpret_cast<const char*>(envelope.message), envelope.message_size};
    parts.uri = view(envelope.uri, envelope.uri_size);
    parts.connection_id = view(envelope.connection_id, envelope.connection_id_size);
    parts.hops = envelope.hops;
    return parts;
}

}  // namespace

void ThreadCache::ScratchDeleter::operator()(Scratch* scratch) const noexcept {
    delete scratch;
}

patchbay_status Lane::deliver(const patchbay_array* envelopes, patchbay_array* results) noexcept {
    if (envelopes == nullptr || results == nullptr || results->count < envelopes->count ||
        (envelopes->count != 0 && (envelopes->items == nullptr || results->items == nullptr)) ||
        results->stride < sizeof(std::uint32_t)) {
        return PATCHBAY_INVALID;
    }
    LaneCore& lane = core_of(*this);
    const InstanceState state = lane.instance.state.load(std::memory_order_acquire);
    if (state != InstanceState::connected && state != InstanceState::disconnecting) {
        return PATCHBAY_DISCONNECTED;
    }
    results->count = envelopes->count;
    try {
        const CacheUse cache(lane.instance.core);
        auto& scratch = cache->scratch[cache->depth == 0 ? 0 : 1];
        if (scratch == nullptr) {
            scratch.reset(new ThreadCache::Scratch);
        }
        Delivery(lane, *cache, *envelopes, *results).run();
    } catch (const std::exception&) {
        // No memory for working space: nothing was accepted so far.
        return PATCHBAY_OVERLOADED;
    }
    return PATCHBAY_OK;
}

Delivery::Delivery(LaneCore& lane, ThreadCache& cache, const patchbay_array& envelopes,
                   patchbay_array& results)
    : lane_(lane),
      source_(lane.instance),
      core_(lane.instance.core),
      cache_(cache),
      scratch_(*cache.scratch[cache.depth == 0 ? 0 : 1]),
      map_(cache.routes()),
      envelopes_(envelopes),
      results_(results),
      lane_uid_(lane.uid.load(std::memory_order_relaxed)),
      generation_uid_(lane.generation->uid),
      outbound_(lane.instance.consumer.load(std::memory_order_relaxed)),
      only_answers_(!outbound_ && core_.inbound_stopped.load(std::memory_order_relaxed)) {}

void Delivery::run() {
    scratch_.full.clear();
    if (scratch_.last_version != cache_.map_version) {
        scratch_.last_version = cache_.map_version;
        scratch_.last_protocol.clear();
    }
    for (first_ = 0; first_ < envelopes_.count; first_ += delivery_chunk) {
        const std::uint32_t count = std::min(delivery_chunk, envelopes_.count - first_);
        resolve(first_, count);
        flush_runs();
        wake_receivers();
    }
    if (given_bytes_ != 0) {
        cache_.add_held(source_, -given_bytes_);
    }
    const bool exclusive = is_exclusive(lane_, cache_);
    LaneCounters& counters = lane_.counters_of(exclusive);
    if (accepted_ != 0) {
        add(counters.delivered, accepted_, exclusive);
        add(counters.delivered_bytes, accepted_bytes_, exclusive);
    }
    if (full_ != 0) {
        add(counters.full, full_, exclusive);
    }
    if (invalid_ != 0) {
        add(counters.invalid, invalid_, exclusive);
    }
}

// ---- Resolving ----

void Delivery::resolve(std::uint32_t first, std::uint32_t count) {
    // Working space of this chunk: no runs, an empty hash.
    scratch_.run_count = 0;
    if (++scratch_.stamp == 0) {
        scratch_.stamps.fill(0);
        scratch_.stamp = 1;
    }
    const bool direct =
        envelopes_.stride >= sizeof(patchbay_envelope) &&
        envelopes_.stride % alignof(patchbay_envelope) == 0 &&
        reinterpret_cast<std::uintptr_t>(envelopes_.items) % alignof(patchbay_envelope) == 0;
    const patchbay_envelope* before = nullptr;
    learned_ = false;
    for (std::uint32_t i = 0; i < count; ++i) {
        Item& item = scratch_.items[i];
        if (direct) {
            item.envelope =
                static_cast<const patchbay_envelope*>(patchbay_array_at(&envelopes_, first + i));
        } else {
            read_item(envelopes_, first + i, scratch_.copies[i]);
            item.envelope = &scratch_.copies[i];
        }
        const patchbay_envelope& envelope = *item.envelope;
        if (envelope.to_size == 0 || envelope.to_size > longest_name || envelope.to == nullptr) {
            invalid(i, PATCHBAY_REASON_BAD_FIELD);
            item.envelope = nullptr;
            continue;
        }
        const TextHash hash = core_.book.hash(view(envelope.to, envelope.to_size));
        item.same_sender = before != nullptr && envelope.sender != nullptr &&
                           before->sender_size == envelope.sender_size &&
                           same_text(before->sender, envelope.sender, envelope.sender_size);
        if (!check_fields(envelope, hash.ascii, item.same_sender)) {
            invalid(i, PATCHBAY_REASON_BAD_FIELD);
            item.envelope = nullptr;
            continue;
        }
        before = &envelope;
        item.hash = hash.value;
        item.candidate = envelope.to_handle - 1U;  // 0 becomes `none`
        core_.book.fetch_bucket(hash.value);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        Item& item = scratch_.items[i];
        if (item.envelope != nullptr && item.candidate == AddressBook::none) {
            item.candidate = core_.book.fetch_entry(item.hash);
        }
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        if (scratch_.items[i].envelope != nullptr) {
            find_destination(i);
        }
    }
}

inline bool Delivery::check_fields(const patchbay_envelope& envelope, bool ascii,
                                   bool same_sender) const noexcept {
    if (envelope.sender_size == 0 || envelope.sender_size > longest_name ||
        envelope.sender == nullptr || envelope.protocol_id_size == 0 ||
        envelope.protocol_id_size > longest_name || envelope.protocol_id == nullptr ||
        envelope.uri_size > longest_uri || (envelope.uri_size != 0 && envelope.uri == nullptr) ||
        envelope.connection_id_size > longest_name ||
        (envelope.connection_id_size != 0 && envelope.connection_id == nullptr) ||
        (envelope.message_size != 0 && envelope.message == nullptr)) {
        return false;
    }
    return (ascii || is_utf8(view(envelope.to, envelope.to_size))) &&
           (same_sender || is_ascii(envelope.sender, envelope.sender_size) ||
            is_utf8(view(envelope.sender, envelope.sender_size))) &&
           (envelope.uri_size == 0 || is_utf8(view(envelope.uri, envelope.uri_size))) &&
           (envelope.connection_id_size == 0 ||
            is_utf8(view(envelope.connection_id, envelope.connection_id_size)));
}

inline ProtocolNumber Delivery::protocol_of(const patchbay_envelope& envelope) {
    const std::string_view id = view(envelope.protocol_id, envelope.protocol_id_size);
    if (core_.protocols.is(envelope.protocol_handle, id)) {
        return envelope.protocol_handle;
    }
    const std::string& last = scratch_.last_protocol;
    if (id.size() != last.size() || !same_text(id.data(), last.data(), id.size())) {
        if (!is_utf8(id)) {
            return AddressBook::none;
        }
        scratch_.last_number = core_.protocols.number(id, false);
        scratch_.last_protocol = id;
    }
    return scratch_.last_number;
}

void Delivery::find_destination(std::uint32_t index) {
    Item& item = scratch_.items[index];
    const patchbay_envelope& envelope = *item.envelope;
    learned_ = learned_ && item.same_sender;
    const std::string_view to = view(envelope.to, envelope.to_size);
    const AddressBook::Found found = core_.book.find(item.candidate, item.hash, to);
    item.entry = found.entry;
    item.protocol = protocol_of(envelope);
    if (item.protocol == AddressBook::none) {
        invalid(index, PATCHBAY_REASON_BAD_FIELD);
        return;
    }
    if (envelope.hops >= core_.options.hop_limit) {
        bury(index, nullptr, PATCHBAY_REASON_HOP_LIMIT);
        return;
    }
    if (!source_.policy.allows(item.protocol)) {
        bury(index, nullptr, PATCHBAY_REASON_PROTOCOL_REFUSED);
        return;
    }

    InstanceCore* destination = nullptr;
    item.box = nullptr;
    if (is_reply(envelope.reply_to)) {
        if (LaneCore* lane = core_.lane_of_origin(envelope.reply_to)) {
            destination = &lane->instance;
            item.box = lane->inbox.load(std::memory_order_acquire);
        }
    }
    if (only_answers_ && destination == nullptr && envelope.parent == 0) {
        refuse_own(index);
        return;
    }
    if (item.box == nullptr) {
        Route route;
        if (found.fixed != 0 && (!outbound_ || lane_of(found.fixed) == lane_ref_component))
            [[likely]] {
            route.to = found.fixed;
        } else {
            RouteInput input;
            input.source = source_.number;
            input.outbound = outbound_;
            input.to = to;
            input.found = found;
            input.protocol = item.protocol;
            input.connection_id = view(envelope.connection_id, envelope.connection_id_size);
            route = map_.resolve(input, nullptr);
        }
        destination = route.to != 0 ? map_.core(instance_of(route.to)) : nullptr;
        if (destination == nullptr) {
            bury(index, nullptr,
                 route.to == 0 ? route.reason : std::uint32_t{PATCHBAY_REASON_NOT_CONNECTED});
            return;
        }
        if (!outbound_ && !learned_) {
            learn_sender(item);
        }
        if (route.all != nullptr) {
            // Earlier envelopes of the batch come first.
            flush_runs();
            wake_receivers();
            scratch_.run_count = 0;
            ++scratch_.stamp;
            deliver_to_all(index, *route.all);
            return;
        }
        item.box = destination->box_for(route.to, lane_.slot);
    } else if (!outbound_ && !learned_) {
        learn_sender(item);
    }
    if (!destination->policy.allows(item.protocol)) {
        bury(index, destination, PATCHBAY_REASON_PROTOCOL_REFUSED);
        return;
    }
    add_to_run(index);
}

void Delivery::learn_sender(const Item& item) {
    learned_ = true;
    const patchbay_envelope& envelope = *item.envelope;
    const std::string_view sender = view(envelope.sender, envelope.sender_size);
    const LaneRef ref = lane_.ref();
    const std::uint16_t tick = core_.learn_tick.load(std::memory_order_relaxed);
    AddressBook::Found found;
    const std::uint32_t last = lane_.last_sender.load(std::memory_order_relaxed);
    if (last == AddressBook::none || !core_.book.read(last, sender, found)) {
        found = core_.book.find(sender);
    }
    if (found.entry != AddressBook::none && found.learned == ref) {
        core_.book.touch(found.entry, tick);
    } else {
        // Components are found by their id; only agents are learned.
        if (found.fixed != 0 ? lane_of(found.fixed) == lane_ref_component : is_public_id(sender)) {
            return;
        }
        found.entry = core_.book.learn(sender, ref, tick, core_.options.learned_routes);
    }
    if (found.entry != last && found.entry != AddressBook::none) {
        lane_.last_sender.store(found.entry, std::memory_order_relaxed);
    }
}

inline void Delivery::add_to_run(std::uint32_t index) noexcept {
    Item& item = scratch_.items[index];
    item.next = delivery_chunk;
    auto place = (reinterpret_cast<std::uintptr_t>(item.box) >> 6U) * 0x9E3779B97F4A7C15U >> 57U;
    for (;; place = (place + 1) & 127U) {
        if (scratch_.stamps[place] != scratch_.stamp) {
            scratch_.stamps[place] = scratch_.stamp;
            scratch_.run_at[place] = static_cast<std::uint8_t>(scratch_.run_count);
            scratch_.runs[scratch_.run_count++] = {item.box, index, index, 1};
            item.box->prefetch();
            if (LaneCore* taker = item.box->taker.load(std::memory_order_acquire)) {
                __builtin_prefetch(&taker->counters[2], 1);
                __builtin_prefetch(&taker->sleeping);
            }
            return;
        }
        Scratch::Run& run = scratch_.runs[scratch_.run_at[place]];
        if (run.box == item.box) {
            scratch_.items[run.last].next = index;
            run.last = index;
            ++run.count;
            return;
        }
    }
}

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
