// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/instance.hpp"

#include "multiplexer/core.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace patchbay::multiplexer {

namespace {

[[nodiscard]] const InstanceCore& body(const Instance& instance) noexcept {
    return static_cast<const InstanceCore&>(instance);
}

/// With the instance's lock held.
[[nodiscard]] Mailbox& box_of(InstanceCore& instance, std::uint32_t lane) {
    if (Mailbox* known = instance.box(lane)) {
        return *known;
    }
    instance.box_owners.push_back(std::make_unique<Mailbox>(
        instance, instance.options.mailbox_envelopes, instance.options.mailbox_bytes));
    Mailbox* made = instance.box_owners.back().get();
    if (instance.state.load(std::memory_order_relaxed) == InstanceState::disconnected) {
        made->close();
    }
    instance.boxes[lane].store(made, std::memory_order_release);
    return *made;
}

/// A body for lane `index` of the next generation; with the instance's lock held.
[[nodiscard]] LaneCore* lane_body(InstanceCore& instance, std::uint32_t index) {
    for (const auto& lane : instance.lane_bodies) {
        if (lane->index == index && lane->generation == nullptr) {
            return lane.get();
        }
    }
    Multiplexer::Core& core = instance.core;
    const std::uint32_t slot = core.lane_count.fetch_add(1, std::memory_order_relaxed);
    if (slot >= Multiplexer::Core::lane_slots) {
        core.lane_count.store(Multiplexer::Core::lane_slots, std::memory_order_relaxed);
        return nullptr;
    }
    instance.lane_bodies.push_back(std::make_unique<LaneCore>(instance, index, slot));
    core.lanes[slot].store(instance.lane_bodies.back().get(), std::memory_order_release);
    return instance.lane_bodies.back().get();
}

void revive(LaneCore& lane, GenerationCore& generation) {
    Multiplexer::Core& core = lane.instance.core;
    lane.generation = &generation;
    lane.generation_number.store(generation.number, std::memory_order_relaxed);
    lane.signals.clear();
    lane.shown.clear();
    lane.wake_waiting.store(false, std::memory_order_relaxed);
    lane.receipts_due.store(0, std::memory_order_relaxed);
    lane.waits_for_itself.store(false, std::memory_order_relaxed);
    lane.sleeping.store(LaneCore::awake, std::memory_order_relaxed);
    lane.slept = false;
    lane.entered = nullptr;
    lane.event.lower();
    lane.bound.store(nullptr, std::memory_order_relaxed);
    lane.last_sender.store(AddressBook::none, std::memory_order_relaxed);
    lane.answerable.store(true, std::memory_order_relaxed);
    const patchbay_origin origin{
        lane.instance.number, generation.number, lane.index,
        lane.slot ^ core.origin_mask(lane.instance.number, generation.number, lane.index)};
    const auto words = std::bit_cast<std::array<std::uint64_t, 2>>(origin);
    lane.origin_low.store(words[0], std::memory_order_relaxed);
    lane.origin_high.store(words[1], std::memory_order_relaxed);
    const std::uint32_t epoch = (lane.uid.load(std::memory_order_relaxed) >> 16U) + 1U;
    lane.uid.store((epoch << 16U) | lane.slot, std::memory_order_relaxed);
}

/// Moves what waits in `from`, which stays closed, to `to`; what does not get there becomes a dead
/// letter.
void move_all(Mailbox& from, Mailbox& to) {
    from.close();
    if (from.is_empty()) {
        return;
    }
    Multiplexer::Core& core = to.instance().core;
    ThreadCache cache(core);  // the thread's own may be behind a lock that comes before ours
    from.lock();
    Node* node = nullptr;
    while (!from.is_empty()) {
        if (from.take(&node, 1) == 0) {
            std::this_thread::yield();
            continue;
        }
        const auto units = static_cast<std::uint32_t>(node_units(*node));
        from.took(1, units);
        if (to.push(&node, &units, 1, true).count == 0) {
            core.bury(cache, *node, &to.instance(), PATCHBAY_REASON_NOT_CONNECTED, "");
        }
    }
    from.unlock();
    core.pool.flush(cache.blocks);
}

}  // namespace

InstanceCore::InstanceCore(Multiplexer::Core& owner, std::uint32_t unique, InstanceOptions limits)
    : core(owner),
      number(unique),
      options(std::move(limits)),
      send_time_limit(options.send_time_limit),
      policy(owner.protocols, options.excluded_protocols, options.restricted_to_protocols),
      boxes(std::make_unique<std::atomic<Mailbox*>[]>(options.lane_limit)) {
    static_cast<void>(box_of(*this, 0));
    box_count.store(1, std::memory_order_release);
}

InstanceCore::~InstanceCore() = default;

std::uint32_t Instance::number() const noexcept {
    return body(*this).number;
}

const InstanceOptions& Instance::options() const noexcept {
    return body(*this).options;
}

bool Instance::is_consumer() const noexcept {
    return body(*this).consumer.load(std::memory_order_relaxed);
}

InstanceState Instance::state() const noexcept {
    return body(*this).state.load(std::memory_order_acquire);
}

Generation* Instance::current() const noexcept {
    return body(*this).current.load(std::memory_order_acquire);
}

void Instance::set_state(InstanceState state) {
    InstanceCore& instance = core_of(*this);
    std::vector<Mailbox*> closed;
    bool was_reachable = false;
    {
        const std::lock_guard lock(instance.mutex);
        was_reachable =
            instance.state.load(std::memory_order_relaxed) != InstanceState::disconnected;
        if (instance.removed.load(std::memory_order_relaxed)) {
            state = InstanceState::disconnected;
        }
        instance.state.store(state, std::memory_order_seq_cst);
        for (const auto& box : instance.box_owners) {
            if (state == InstanceState::disconnected) {
                box->close();
                closed.push_back(box.get());
            } else {
                box->open();
            }
        }
        // What waited may be taken now; whoever sleeps looks again.
        if (GenerationCore* current = instance.current.load(std::memory_order_relaxed)) {
            for (LaneCore* lane : current->lanes) {
                std::atomic_thread_fence(std::memory_order_seq_cst);
                lane->notify_envelopes();
            }
        }
    }
    if (was_reachable != (state != InstanceState::disconnected)) {
        // Deliveries learn it from the mailboxes; this is for `explain`.
        const std::lock_guard lock(instance.core.mutex);
        instance.core.rebuild_map();
    }
    const CacheUse cache(instance.core);
    for (Mailbox* box : closed) {
        instance.core.bury_all(*cache, *box, PATCHBAY_REASON_NOT_CONNECTED, "");
        // Those who waited for room get their answer: a dead letter at the next try.
        instance.core.signal_room(*box);
    }
}

void Instance::stop_inbound() noexcept {
    core_of(*this).inbound_stopped.store(true, std::memory_order_seq_cst);
}

void Instance::resume_inbound() {
    InstanceCore& instance = core_of(*this);
    instance.inbound_stopped.store(false, std::memory_order_seq_cst);
    instance.core.tell_resumed(&instance);
}

bool Instance::is_inbound_stopped() const noexcept {
    return body(*this).inbound_stopped.load(std::memory_order_relaxed);
}

void Instance::set_send_time_limit(std::uint64_t nanoseconds) {
    core_of(*this).send_time_limit.store(nanoseconds, std::memory_order_relaxed);
}

Result<Generation*> Instance::attach(std::uint32_t lanes) {
    InstanceCore& instance = core_of(*this);
    if (lanes == 0 || lanes > instance.options.lane_limit) {
        return failure(ErrorClass::invalid, "multiplexer.lane_limit",
                       "instance '" + instance.options.name + "' asks for " +
                           std::to_string(lanes) + " lanes; 1 to " +
                           std::to_string(instance.options.lane_limit) + " are allowed");
    }
    const std::lock_guard lock(instance.mutex);
    auto generation = std::make_unique<GenerationCore>(
        instance, instance.core.generation_count.fetch_add(1, std::memory_order_relaxed) + 1,
        instance.generation_count + 1);
    const bool first = instance.current.load(std::memory_order_relaxed) == nullptr;
    for (std::uint32_t i = 0; i < lanes; ++i) {
        LaneCore* lane = lane_body(instance, i);
        if (lane == nullptr) {
            for (LaneCore* made : generation->lanes) {
                made->alive.store(false, std::memory_order_release);
                made->generation = nullptr;
            }
            return failure(ErrorClass::overloaded, "multiplexer.lanes",
                           "the multiplexer has no room for more lanes");
        }
        revive(*lane, *generation);
        generation->lanes.push_back(lane);
        if (first) {
            Mailbox& box = box_of(instance, i);
            lane->inbox.store(&box, std::memory_order_release);
            box.taker.store(lane, std::memory_order_release);
        } else {
            lane->own_box.open();
            lane->inbox.store(&lane->own_box, std::memory_order_release);
        }
        lane->alive.store(true, std::memory_order_release);
    }
    ++instance.generation_count;
    GenerationCore* made = generation.get();
    instance.generations.push_back(std::move(generation));
    if (first) {
        adopt_boxes(instance, *made);
    }
    return made;
}

void Instance::hand_over() {
    GenerationCore* newest = nullptr;
    {
        InstanceCore& instance = core_of(*this);
        const std::lock_guard lock(instance.mutex);
        newest = instance.generations.empty() ? nullptr : instance.generations.back().get();
    }
    if (newest != nullptr) {
        hand_over(*newest);
    }
}

void Instance::hand_over(Generation& face) {
    InstanceCore& instance = core_of(*this);
    const std::lock_guard lock(instance.mutex);
    GenerationCore* old = instance.current.load(std::memory_order_relaxed);
    auto* next = static_cast<GenerationCore*>(&face);
    for (LaneCore* lane : next->lanes) {
        lane->answerable.store(true, std::memory_order_release);
    }
    if (next == old) {
        return;
    }
    for (LaneCore* lane : next->lanes) {
        Mailbox& box = box_of(instance, lane->index);
        box.lock();
        if (old != nullptr && lane->index < old->lanes.size()) {
            LaneCore& before = *old->lanes[lane->index];
            before.own_box.open();
            before.inbox.store(&before.own_box, std::memory_order_release);
        }
        lane->inbox.store(&box, std::memory_order_release);
        box.taker.store(lane, std::memory_order_release);
        box.unlock();
        move_all(lane->own_box, box);
    }
    if (old != nullptr) {
        for (std::size_t i = next->lanes.size(); i < old->lanes.size(); ++i) {
            LaneCore& before = *old->lanes[i];
            before.own_box.open();
            before.inbox.store(&before.own_box, std::memory_order_release);
        }
    }
    adopt_boxes(instance, *next);
    for (LaneCore* lane : next->lanes) {
        std::atomic_thread_fence(std::memory_order_seq_cst);
        lane->notify_envelopes();
    }
}

void Generation::end_answers() {
    auto& generation = static_cast<GenerationCore&>(*this);
    InstanceCore& instance = generation.instance;
    const std::lock_guard lock(instance.mutex);
    const std::uint32_t boxes = instance.box_count.load(std::memory_order_relaxed);
    for (LaneCore* lane : generation.lanes) {
        lane->answerable.store(false, std::memory_order_release);
        if (boxes == 0 || instance.current.load(std::memory_order_relaxed) == &generation) {
            continue;  // it has nothing of its own yet
        }
        Mailbox& box = *instance.box(lane->index % boxes);
        move_all(lane->own_box, box);
        if (LaneCore* taker = box.taker.load(std::memory_order_acquire)) {
            std::atomic_thread_fence(std::memory_order_seq_cst);
            taker->notify_envelopes();
        }
    }
}

void Instance::adopt_boxes(InstanceCore& instance, GenerationCore& generation) {
    const auto lanes = static_cast<std::uint32_t>(generation.lanes.size());
    const std::uint32_t before = instance.box_count.exchange(lanes, std::memory_order_acq_rel);
    // Mailboxes of lanes that are no more.
    for (std::uint32_t i = lanes; i < before; ++i) {
        Mailbox& box = *instance.box(i);
        box.taker.store(nullptr, std::memory_order_release);
        move_all(box, *instance.box(i % lanes));
    }
    // And of lanes that are back.
    if (instance.state.load(std::memory_order_relaxed) != InstanceState::disconnected) {
        for (std::uint32_t i = 0; i < lanes; ++i) {
            instance.box(i)->open();
        }
    }
    instance.current.store(&generation, std::memory_order_release);
}

Reclaimed Instance::detach(Generation& face) {
    InstanceCore& instance = core_of(*this);
    Multiplexer::Core& core = instance.core;
    std::unique_ptr<GenerationCore> generation;
    {
        const std::lock_guard lock(instance.mutex);
        const auto found =
            std::find_if(instance.generations.begin(), instance.generations.end(),
                         [&](const auto& candidate) { return candidate.get() == &face; });
        if (found == instance.generations.end()) {
            return {};
        }
        generation = std::move(*found);
        instance.generations.erase(found);
        if (instance.current.load(std::memory_order_relaxed) == generation.get()) {
            instance.current.store(nullptr, std::memory_order_release);
        }
        for (LaneCore* lane : generation->lanes) {
            lane->alive.store(false, std::memory_order_release);
            lane->dispatch.store(nullptr, std::memory_order_release);
            Mailbox* box = lane->inbox.exchange(&lane->own_box, std::memory_order_acq_rel);
            if (box != &lane->own_box) {
                box->lock();  // a dispatch in progress ends first
                box->taker.store(nullptr, std::memory_order_release);
                box->unlock();
            }
            lane->own_box.close();
        }
    }
    const CacheUse cache(core);
    Reclaimed reclaimed;
    for (LaneCore* lane : generation->lanes) {
        reclaimed.envelopes += core.bury_all(*cache, lane->own_box, PATCHBAY_REASON_NOT_CONNECTED,
                                             "its generation is gone");
    }
    core.reclaim(*cache, *generation, reclaimed);
    const std::lock_guard lock(instance.mutex);
    for (LaneCore* lane : generation->lanes) {
        lane->signals.clear();
        lane->group.store(nullptr, std::memory_order_release);
        lane->generation = nullptr;
    }
    return reclaimed;
}

InstanceCounters Instance::counters() const {
    InstanceCore& instance = const_cast<InstanceCore&>(body(*this));
    InstanceCounters sum;
    const auto read = [](const std::atomic<std::uint64_t>& counter) {
        return counter.load(std::memory_order_relaxed);
    };
    const std::lock_guard lock(instance.mutex);
    for (const auto& lane : instance.lane_bodies) {
        for (const LaneCounters& set : lane->counters) {
            sum.delivered += read(set.delivered);
            sum.delivered_bytes += read(set.delivered_bytes);
            sum.full += read(set.full);
            sum.invalid += read(set.invalid);
            sum.taken += read(set.taken);
            sum.taken_bytes += read(set.taken_bytes);
            sum.inline_dispatched += read(set.inline_dispatched);
            sum.completed += read(set.completed);
        }
        sum.in_flight += lane->in_flight();
        sum.signals_waiting += lane->signals.waiting();
        sum.queued += lane->own_box.size();
        sum.queued_bytes += lane->own_box.bytes();
    }
    for (const auto& box : instance.box_owners) {
        sum.queued += box->size();
        sum.queued_bytes += box->bytes();
        sum.awaited += box->reserved();
    }
    for (std::size_t i = 0; i < reason_count; ++i) {
        sum.dead_lettered[i] = read(instance.dead_lettered[i]);
    }
    sum.failed = read(instance.failed);
    sum.not_mine = read(instance.not_mine);
    sum.overdue = read(instance.overdue);
    sum.misbehaviour = read(instance.misbehaviour);
    sum.receipts = read(instance.receipts);
    sum.receipts_lost = read(instance.receipts_lost);
    sum.error_replies = read(instance.error_replies);
    sum.error_replies_suppressed = read(instance.error_replies_suppressed);
    sum.held_bytes = static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, instance.held_bytes.load(std::memory_order_relaxed)));
    return sum;
}

}  // namespace patchbay::multiplexer
