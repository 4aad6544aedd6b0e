// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/multiplexer.hpp"

#include "multiplexer/core.hpp"
#include "multiplexer/directory.hpp"

#include <patchbay/public_id.hpp>

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>
#include <utility>

namespace patchbay::multiplexer {

namespace {

constexpr std::uint64_t nanoseconds_in_second = 1'000'000'000;
/// Instance numbers have 16 bits and are never used again.
constexpr std::size_t most_instances = 0xFFFE;

[[nodiscard]] std::uint64_t make_secret() {
    std::random_device device;
    return (std::uint64_t{device()} << 32U) ^ device();
}

[[nodiscard]] InstanceOptions sane(InstanceOptions options) {
    options.lane_limit = std::clamp<std::uint32_t>(options.lane_limit, 1, lane_ref_component - 1);
    options.in_flight_limit = std::max<std::uint32_t>(options.in_flight_limit, 1);
    options.receipt_limit = std::max<std::uint32_t>(options.receipt_limit, 1);
    options.signal_limit = std::max<std::uint32_t>(options.signal_limit, 1);
    return options;
}

}  // namespace

Multiplexer::Core::Core(Multiplexer& face, const Options& limits, const Clock& time,
                        events::EventSink& sink, DeadLetterSink& letters)
    : multiplexer(face),
      options(limits),
      clock(time),
      events(sink),
      dead_letters(letters),
      pool(limits.pool_bytes, limits.largest_payload),
      // Eviction happens before insertion, so learned routes never exceed their bound.
      book(limits.agents + limits.learned_routes + 4096),
      protocols(limits.protocols),
      secret(make_secret()),
      shared_cache(std::make_unique<ThreadCache>(*this)),
      lanes(std::make_unique<std::atomic<LaneCore*>[]>(lane_slots)),
      started(time.monotonic()),
      directory(std::make_unique<Directory>(book, limits.agents)) {
    shared_cache->shared = true;
    const std::lock_guard lock(mutex);
    rebuild_map();
}

Multiplexer::Core::~Core() = default;

std::uint32_t Multiplexer::Core::origin_mask(std::uint32_t instance, std::uint32_t generation,
                                             std::uint32_t lane) const noexcept {
    const std::uint64_t mixed =
        detail::mix(secret ^ instance, (std::uint64_t{generation} << 32U) ^ lane ^ ~secret);
    return static_cast<std::uint32_t>(mixed >> 32U);
}

LaneCore* Multiplexer::Core::lane_of_origin(const patchbay_origin& origin) const noexcept {
    const std::uint32_t slot =
        origin.check ^ origin_mask(origin.instance, origin.generation, origin.lane);
    if (slot == 0 || slot >= lane_slots) {
        return nullptr;
    }
    LaneCore* body = lanes[slot].load(std::memory_order_acquire);
    return body != nullptr && body->alive.load(std::memory_order_acquire) &&
                   body->instance.number == origin.instance && body->index == origin.lane &&
                   body->generation_number.load(std::memory_order_relaxed) == origin.generation
               ? body
               : nullptr;
}

void Multiplexer::Core::rebuild_map() {
    std::vector<RoutingInstance> described;
    std::vector<InstanceCore*> cores;
    for (const auto& instance : instances) {
        if (instance->removed.load(std::memory_order_relaxed)) {
            continue;
        }
        const InstanceOptions& from = instance->options;
        described.push_back(
            {instance->number, from.name, from.component_id, from.excluded_protocols,
             from.restricted_to_protocols, from.consumer, from.resident_agent,
             instance->state.load(std::memory_order_relaxed) != InstanceState::disconnected});
        cores.push_back(instance.get());
    }
    map = std::make_shared<const RouteMap>(table, std::move(described), cores, book, protocols,
                                           agent_names);
    for (InstanceCore* instance : cores) {
        instance->consumer.store(map->is_consumer(instance->number), std::memory_order_relaxed);
    }
    map_version.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const RouteMap> Multiplexer::Core::current_map() const {
    const std::lock_guard lock(mutex);
    return map;
}

void Multiplexer::Core::signal_room(Mailbox& box) noexcept {
    for (const std::uint32_t uid : box.waiters()) {
        if (LaneCore* lane = lane_at(uid)) {
            lane->post({PATCHBAY_SIGNAL_ROOM, PATCHBAY_OK, 0, box.instance().number, {}, {}});
        }
    }
}

// ---- The face ----

Multiplexer::Multiplexer(const Options& options, const Clock& clock, events::EventSink& events,
                         DeadLetterSink& dead_letters)
    : core_(std::make_unique<Core>(*this, options, clock, events, dead_letters)) {}

Multiplexer::~Multiplexer() = default;

Result<Instance*> Multiplexer::add_instance(InstanceOptions options) {
    const auto id = view_public_id(options.component_id);
    if (!is_simple_id(options.name) || !id) {
        return failure(ErrorClass::invalid, "multiplexer.instance_name",
                       "instance '" + options.name + "' with component id '" +
                           options.component_id +
                           "': a simple name and author/name:version are expected");
    }
    const std::lock_guard lock(core_->mutex);
    for (const auto& other : core_->instances) {
        if (!other->removed.load(std::memory_order_relaxed) &&
            (other->options.name == options.name ||
             other->options.component_id == options.component_id)) {
            return failure(ErrorClass::invalid, "multiplexer.duplicate_instance",
                           "there is an instance '" + other->options.name + "' (" +
                               other->options.component_id + ") already");
        }
    }
    if (core_->instances.size() >= most_instances) {
        return failure(ErrorClass::overloaded, "multiplexer.instances",
                       "the multiplexer has no room for more instances");
    }
    const auto number = static_cast<std::uint32_t>(core_->instances.size() + 1);
    core_->instances.push_back(
        std::make_unique<InstanceCore>(*core_, number, sane(std::move(options))));
    InstanceCore* made = core_->instances.back().get();
    core_->book.set_fixed(made->options.component_id, lane_ref(number, lane_ref_component));
    core_->rebuild_map();
    return made;
}

void Multiplexer::remove_instance(Instance& instance) {
    InstanceCore& removed = core_of(instance);
    removed.removed.store(true, std::memory_order_relaxed);
    {
        const std::lock_guard lock(core_->mutex);
        core_->book.clear_fixed(removed.options.component_id,
                                lane_ref(removed.number, lane_ref_component));
        core_->directory->forgot(core_->book.forget_instance(removed.number));
        core_->rebuild_map();
    }
    // Deliverers that still hold the old map find the mailboxes closed.
    removed.set_state(InstanceState::disconnected);
}

Instance* Multiplexer::find(std::string_view name_or_id) const {
    const std::shared_ptr<const RouteMap> map = core_->current_map();
    return map->core(map->number_of(name_or_id));
}

void Multiplexer::set_routing(RoutingTable table) {
    const std::lock_guard lock(core_->mutex);
    core_->table = std::move(table);
    core_->rebuild_map();
}

RouteExplanation Multiplexer::explain(const RouteQuery& query) const {
    return core_->current_map()->explain(query, core_->options.hop_limit);
}

AgentDirectory& Multiplexer::agents() noexcept {
    return *core_->directory;
}

void Multiplexer::tick() {
    const auto now = static_cast<std::uint32_t>((core_->clock.monotonic() - core_->started) /
                                                nanoseconds_in_second);
    core_->now.store(now, std::memory_order_relaxed);
    // Ages in units that 12 bits count.
    const std::uint64_t age = core_->options.learned_route_age / nanoseconds_in_second;
    const std::uint64_t unit = std::max<std::uint64_t>(1, age / 4096);
    const auto tick = static_cast<std::uint16_t>(now / unit);
    core_->learn_tick.store(tick, std::memory_order_relaxed);
    core_->book.forget(tick, static_cast<std::uint16_t>(age / unit));
    {
        const CacheUse cache(*core_);
        core_->scan_for_overdue(*cache);
    }
    if (core_->starved.exchange(false, std::memory_order_relaxed)) {
        core_->tell_resumed(nullptr);
    }
}

void Multiplexer::Core::tell_resumed(const InstanceCore* only) {
    for (std::uint32_t i = 1; i < lane_end(*this); ++i) {
        LaneCore* lane = lanes[i].load(std::memory_order_acquire);
        if (lane != nullptr && (only == nullptr || only == &lane->instance) &&
            lane->alive.load(std::memory_order_acquire) &&
            lane->waits_for_itself.exchange(false, std::memory_order_acq_rel)) {
            lane->post({PATCHBAY_SIGNAL_ROOM, PATCHBAY_OK, 0, lane->instance.number, {}, {}});
        }
    }
}

void Multiplexer::stop_inbound() {
    core_->inbound_stopped.store(true, std::memory_order_seq_cst);
}

void Multiplexer::resume_inbound() {
    core_->inbound_stopped.store(false, std::memory_order_seq_cst);
    core_->tell_resumed(nullptr);
}

bool Multiplexer::is_inbound_stopped() const noexcept {
    return core_->inbound_stopped.load(std::memory_order_relaxed);
}

bool Multiplexer::is_idle() const {
    const std::lock_guard lock(core_->mutex);
    return std::all_of(core_->instances.begin(), core_->instances.end(), [](const auto& instance) {
        const InstanceCounters counters = instance->counters();
        return counters.queued == 0 && counters.in_flight == 0;
    });
}

std::vector<Leftover> Multiplexer::drain(std::uint64_t deadline) {
    while (!is_idle() && core_->clock.monotonic() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    std::vector<Leftover> left;
    const std::lock_guard lock(core_->mutex);
    for (const auto& instance : core_->instances) {
        const InstanceCounters counters = instance->counters();
        if (counters.queued != 0 || counters.in_flight != 0) {
            left.push_back({instance->options.name, counters.queued, counters.in_flight});
        }
    }
    return left;
}

std::uint64_t Multiplexer::abandon() {
    std::vector<Mailbox*> boxes;
    {
        const std::lock_guard lock(core_->mutex);
        for (const auto& instance : core_->instances) {
            const std::lock_guard instance_lock(instance->mutex);
            for (const auto& box : instance->box_owners) {
                boxes.push_back(box.get());
            }
            for (const auto& lane : instance->lane_bodies) {
                boxes.push_back(&lane->own_box);
            }
        }
    }
    const CacheUse cache(*core_);
    std::uint64_t count = 0;
    for (Mailbox* box : boxes) {
        count += core_->bury_all(*cache, *box, PATCHBAY_REASON_SHUTDOWN, "");
    }
    return count;
}

Metrics Multiplexer::metrics() const {
    Metrics metrics;
    {
        const std::lock_guard lock(core_->mutex);
        for (const auto& instance : core_->instances) {
            if (!instance->removed.load(std::memory_order_relaxed)) {
                metrics.instances.push_back(
                    {instance->options.name, instance->number, instance->counters()});
            }
        }
        metrics.agents = core_->directory->size();
    }
    metrics.dead_letters = core_->dead_letter_count.load(std::memory_order_relaxed);
    metrics.dead_letters_refused = core_->dead_letters_refused.load(std::memory_order_relaxed);
    metrics.learned_routes = core_->book.learned_count();
    metrics.learned_routes_evicted = core_->book.evicted();
    metrics.pool_bytes = core_->pool.bytes_used();
    metrics.pool_exhausted = core_->pool.exhausted();
    return metrics;
}

}  // namespace patchbay::multiplexer
