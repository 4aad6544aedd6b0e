// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/lane.hpp"

#include "multiplexer/core.hpp"
#include "multiplexer/envelope_array.hpp"
#include "multiplexer/spin.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::multiplexer {

LaneCore::LaneCore(InstanceCore& owner, std::uint32_t lane_index, std::uint32_t lane_slot)
    : instance(owner),
      index(lane_index),
      slot(lane_slot),
      own_box(owner, owner.options.mailbox_envelopes, owner.options.mailbox_bytes) {
    own_box.taker.store(this, std::memory_order_relaxed);
    own_box.close();
}

LaneRef LaneCore::ref() const noexcept {
    return lane_ref(instance.number, index);
}

std::uint64_t LaneCore::in_flight() const noexcept {
    // Completed first: it never passes what was taken.
    std::uint64_t completed = 0;
    std::uint64_t taken = 0;
    for (const LaneCounters& set : counters) {
        completed += set.completed.load(std::memory_order_acquire);
    }
    for (const LaneCounters& set : counters) {
        taken += set.taken.load(std::memory_order_acquire);
    }
    return taken - completed;
}

void LaneCore::notify_envelopes() noexcept {
    if (LaneGroup::Core* sleeper = group.load(std::memory_order_acquire)) {
        sleeper->mark(std::uint64_t{1} << group_slot.load(std::memory_order_relaxed));
        return;
    }
    std::uint32_t expected = for_anything;
    if (sleeping.load(std::memory_order_relaxed) == for_anything &&
        sleeping.compare_exchange_strong(expected, awake, std::memory_order_acq_rel)) {
        event.raise();
    }
}

void LaneCore::notify_signals() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (LaneGroup::Core* sleeper = group.load(std::memory_order_acquire)) {
        sleeper->mark(std::uint64_t{1} << group_slot.load(std::memory_order_relaxed));
        return;
    }
    if (sleeping.load(std::memory_order_relaxed) != awake &&
        sleeping.exchange(awake, std::memory_order_acq_rel) != awake) {
        event.raise();
    }
}

namespace {

void end_sleep(LaneCore& lane) noexcept {
    if (lane.slept) {
        lane.slept = false;
        if (lane.sleeping.exchange(LaneCore::awake, std::memory_order_acq_rel) == LaneCore::awake) {
            lane.event.lower();  // somebody woke us
        }
    }
}

[[nodiscard]] bool may_take(const LaneCore& lane) noexcept {
    return lane.instance.state.load(std::memory_order_acquire) == InstanceState::connected;
}

/// Puts one signal into an item of a signal array.
void show(const Signal& signal, patchbay_array& array, std::uint32_t place) noexcept {
    patchbay_signal item{};
    item.kind = signal.kind;
    item.status = signal.status;
    item.token = signal.token;
    item.value = signal.value;
    item.name = {signal.name.data(), signal.name.size()};
    item.payload = {reinterpret_cast<const std::uint8_t*>(signal.payload.data()),
                    signal.payload.size()};
    write_item(array, place, item);
}

}  // namespace

Instance& Lane::instance() const noexcept {
    return core_of(*this).instance;
}

Generation& Lane::generation() const noexcept {
    return *core_of(*this).generation;
}

std::uint32_t Lane::index() const noexcept {
    return core_of(*this).index;
}

patchbay_origin Lane::origin() const noexcept {
    return core_of(*this).origin_value();
}

patchbay_status Lane::take(patchbay_array* envelopes) noexcept {
    if (envelopes == nullptr || envelopes->items == nullptr) {
        return PATCHBAY_INVALID;
    }
    LaneCore& lane = core_of(*this);
    Multiplexer::Core& core = lane.instance.core;
    end_sleep(lane);
    std::uint32_t limit = std::exchange(envelopes->count, 0);
    if (limit == 0 || !may_take(lane)) {
        return PATCHBAY_OK;
    }
    Mailbox* box = lane.inbox.load(std::memory_order_acquire);
    if (box->has_waiters() && box->is_half_empty()) {
        core.signal_room(*box);
    }
    if (box->is_empty()) {
        return PATCHBAY_OK;
    }
    const std::uint64_t in_flight = lane.in_flight();
    const std::uint32_t in_flight_limit = lane.instance.options.in_flight_limit;
    if (in_flight >= in_flight_limit) {
        return PATCHBAY_OK;
    }
    limit = static_cast<std::uint32_t>(std::min<std::uint64_t>(limit, in_flight_limit - in_flight));

    const bool locked_before = lane.entered != nullptr;
    if (!locked_before) {
        box->lock();
        // A hand-over may have happened while we waited.
        if (Mailbox* now = lane.inbox.load(std::memory_order_acquire); now != box) {
            box->unlock();
            return PATCHBAY_OK;
        }
    }
    constexpr std::uint32_t chunk = 64;
    Node* nodes[chunk];
    std::uint32_t count = 0;
    std::uint64_t bytes = 0;
    while (count < limit) {
        const std::uint32_t got = box->take(nodes, std::min(chunk, limit - count));
        if (got == 0) {
            break;
        }
        std::uint64_t units = 0;
        for (std::uint32_t i = 0; i < got; ++i) {
            units += node_units(*nodes[i]);
            bytes += nodes[i]->message_size;
            hand_out(core, lane, *nodes[i], *envelopes, count + i);
        }
        box->took(got, units);
        count += got;
        if (got < chunk) {
            break;
        }
    }
    if (!locked_before) {
        box->unlock();
    }
    if (count != 0) {
        const CacheUse cache(core);
        const bool exclusive = is_exclusive(lane, *cache);
        LaneCounters& counters = lane.counters_of(exclusive);
        add(counters.taken, count, exclusive);
        add(counters.taken_bytes, bytes, exclusive);
    }
    envelopes->count = count;
    if (box->has_waiters() && box->is_half_empty()) {
        core.signal_room(*box);
    }
    return PATCHBAY_OK;
}

patchbay_status Lane::signals_take(patchbay_array* signals) noexcept {
    if (signals == nullptr || signals->items == nullptr) {
        return PATCHBAY_INVALID;
    }
    LaneCore& lane = core_of(*this);
    end_sleep(lane);
    const std::uint32_t limit = std::exchange(signals->count, 0);
    lane.shown.clear();
    if (limit == 0 || lane.signals.waiting() == 0) {
        return PATCHBAY_OK;
    }
    try {
        lane.signals.take(lane.shown, limit);
    } catch (const std::bad_alloc&) {
        // What was moved so far is shown, the rest is still there.
    }
    std::uint32_t receipts = 0;
    for (std::uint32_t i = 0; i < lane.shown.size(); ++i) {
        const Signal& signal = lane.shown[i];
        show(signal, *signals, i);
        if (signal.kind == PATCHBAY_SIGNAL_RECEIPT) {
            ++receipts;
        } else if (signal.kind == PATCHBAY_SIGNAL_WAKE) {
            lane.wake_waiting.store(false, std::memory_order_release);
        }
    }
    signals->count = static_cast<std::uint32_t>(lane.shown.size());
    if (receipts != 0) {
        const std::uint32_t due =
            lane.receipts_due.fetch_sub(receipts, std::memory_order_acq_rel) - receipts;
        if (lane.waits_for_itself.load(std::memory_order_relaxed) &&
            due <= lane.instance.options.receipt_limit / 2 &&
            lane.waits_for_itself.exchange(false, std::memory_order_acq_rel)) {
            post({PATCHBAY_SIGNAL_ROOM, PATCHBAY_OK, 0, lane.instance.number, {}, {}});
        }
    }
    return PATCHBAY_OK;
}

bool Lane::sleep(std::uint32_t interest) noexcept {
    LaneCore& lane = core_of(*this);
    const bool envelopes = (interest & PATCHBAY_INTEREST_ENVELOPES) != 0;
    end_sleep(lane);
    if (lane.event.descriptor() < 0) {
        return false;
    }
    lane.slept = true;
    lane.sleeping.store(envelopes ? LaneCore::for_anything : LaneCore::for_signals,
                        std::memory_order_seq_cst);
    // Pairs with the fence of deliver: either it sees that we sleep, or we see its envelope.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    Mailbox* box = lane.inbox.load(std::memory_order_acquire);
    if (box->has_waiters() && box->is_half_empty()) {
        lane.instance.core.signal_room(*box);
    }
    const bool something =
        lane.signals.waiting() != 0 || (envelopes && may_take(lane) && box->is_next_filled() &&
                                        lane.in_flight() < lane.instance.options.in_flight_limit);
    if (something) {
        end_sleep(lane);
    }
    return !something;
}

std::intptr_t Lane::descriptor() const noexcept {
    return const_cast<LaneCore&>(core_of(*this)).event.descriptor();
}

bool Lane::post(Signal signal) {
    LaneCore& lane = core_of(*this);
    const bool always =
        signal.kind == PATCHBAY_SIGNAL_STOP || signal.kind == PATCHBAY_SIGNAL_CONNECT ||
        signal.kind == PATCHBAY_SIGNAL_DISCONNECT || signal.kind == PATCHBAY_SIGNAL_STATE_SAVE ||
        signal.kind == PATCHBAY_SIGNAL_STATE_LOAD || signal.kind == PATCHBAY_SIGNAL_PARKED ||
        // Bounded by what the lane itself asked for.
        signal.kind == PATCHBAY_SIGNAL_RECEIPT || signal.kind == PATCHBAY_SIGNAL_ROOM ||
        signal.kind == PATCHBAY_SIGNAL_CANCEL || signal.kind == PATCHBAY_SIGNAL_IDENTITY_RESULT ||
        signal.kind == PATCHBAY_SIGNAL_AGENT_PING || signal.kind == PATCHBAY_SIGNAL_SESSION_END;
    if (!always) {
        const std::uint32_t receipts = lane.receipts_due.load(std::memory_order_relaxed);
        const std::uint32_t waiting = lane.signals.waiting();
        if (waiting > receipts && waiting - receipts >= lane.instance.options.signal_limit) {
            return false;
        }
    }
    try {
        lane.signals.push(std::move(signal));
    } catch (const std::bad_alloc&) {
        return false;
    }
    lane.notify_signals();
    return true;
}

void Lane::wake() noexcept {
    LaneCore& lane = core_of(*this);
    if (!lane.wake_waiting.exchange(true, std::memory_order_acq_rel) &&
        !post({PATCHBAY_SIGNAL_WAKE, PATCHBAY_OK, 0, 0, {}, {}})) {
        lane.wake_waiting.store(false, std::memory_order_release);
    }
}

void Lane::complete_batch(const patchbay_array& taken, const patchbay_status* results) noexcept {
    LaneCore& lane = core_of(*this);
    Multiplexer::Core& core = lane.instance.core;
    const CacheUse cache(core);
    CompletionTally tally;
    std::uint32_t failures = 0;
    for (std::uint32_t i = 0; i < taken.count; ++i) {
        if (results[i] == PATCHBAY_PENDING) {
            continue;
        }
        const auto* envelope = static_cast<const patchbay_envelope*>(patchbay_array_at(&taken, i));
        const std::string_view code = results[i] < 0 ? "send_failed" : "";
        core.complete(*cache, *lane.generation, envelope->token, {results[i], code, ""}, tally);
        failures += results[i] < 0 ? 1U : 0U;
    }
    tally.flush(*cache);
    if (failures != 0 && lane.instance.options.observer != nullptr) {
        lane.instance.options.observer->on_send_failed(
            lane.instance.number, {PATCHBAY_FAILED, "send_failed", ""}, failures);
    }
}

void Lane::set_inline_dispatch(InlineDispatch* dispatch) noexcept {
    LaneCore& lane = core_of(*this);
    lane.dispatch.store(dispatch, std::memory_order_seq_cst);
    // Whoever got in before is waited for.
    Mailbox* box = lane.inbox.load(std::memory_order_acquire);
    if (lane.entered == nullptr) {
        box->lock();
        box->unlock();
    }
}

void Lane::enter() noexcept {
    LaneCore& lane = core_of(*this);
    for (;;) {
        Mailbox* box = lane.inbox.load(std::memory_order_acquire);
        box->lock();
        if (box == lane.inbox.load(std::memory_order_acquire)) {
            lane.entered = box;
            return;
        }
        box->unlock();
    }
}

void Lane::leave() noexcept {
    std::exchange(core_of(*this).entered, nullptr)->unlock();
}

bool Lane::is_empty() const noexcept {
    return core_of(*this).inbox.load(std::memory_order_acquire)->is_empty();
}

}  // namespace patchbay::multiplexer
