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

}  // namespace

void ThreadCache::ScratchDeleter::operator()(Scratch* space) const noexcept {
    delete space;
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
      only_answers_(!outbound_ && (core_.inbound_stopped.load(std::memory_order_relaxed) ||
                                   source_.inbound_stopped.load(std::memory_order_relaxed))) {}

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
    // What comes after `hops` is not read of what is delivered.
    const bool direct =
        envelopes_.stride >= offsetof(patchbay_envelope, agent) &&
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
    item.agent = 0;
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
        LaneCore* lane = core_.lane_of_origin(envelope.reply_to);
        if (lane != nullptr && lane->answerable.load(std::memory_order_acquire)) {
            destination = &lane->instance;
            item.box = lane->inbox.load(std::memory_order_acquire);
        }
    }
    if (only_answers_ && destination == nullptr && envelope.parent == 0) {
        refuse_until_resumed(index);
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
        item.agent = route.agent;
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

}  // namespace patchbay::multiplexer
