// SPDX-License-Identifier: Apache-2.0
/// \file
/// The bodies behind the faces `Multiplexer`, `Instance`, `Generation` and `Lane`. Internal to this
/// room.
///
/// Memory. Instances and lanes stay allocated until the multiplexer ends, because a deliverer may
/// hold a pointer to one that was removed a moment ago; a lane's body is used again by later
/// generations of the same instance and index. A mailbox that nobody serves is closed, so that a
/// late deliverer finds that out from the mailbox itself.
///
/// Locks are taken in this order: shared cache, structure, instance, signal queue or depot. None is
/// held while foreign code (observer, sink, dispatch) runs, except the shared cache.
#pragma once

#include "multiplexer/agent_names.hpp"
#include "multiplexer/lane.hpp"
#include "multiplexer/lane_group.hpp"
#include "multiplexer/mailbox.hpp"
#include "multiplexer/multiplexer.hpp"
#include "multiplexer/pool.hpp"
#include "multiplexer/route_map.hpp"
#include "multiplexer/signal_queue.hpp"
#include "multiplexer/wake_event.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace patchbay::multiplexer {

struct ThreadCache;
struct GenerationCore;
class Directory;

/// Counters of one lane, in three sets: for the thread that the lane is bound to, which adds with a
/// load and a store; for all others, who add atomically; for whoever holds the mailbox's gate
/// during an inline dispatch, again with a load and a store.
struct alignas(64) LaneCounters {
    std::atomic<std::uint64_t> delivered{0};
    std::atomic<std::uint64_t> delivered_bytes{0};
    std::atomic<std::uint64_t> full{0};
    std::atomic<std::uint64_t> invalid{0};
    std::atomic<std::uint64_t> taken{0};
    std::atomic<std::uint64_t> taken_bytes{0};
    std::atomic<std::uint64_t> inline_dispatched{0};
    std::atomic<std::uint64_t> completed{0};
};

/// Adds to a counter of the set that belongs to the calling thread (`exclusive`) or to all.
inline void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount,
                bool exclusive) noexcept {
    if (exclusive) {
        counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    } else {
        counter.fetch_add(amount, std::memory_order_relaxed);
    }
}

struct LaneGroup::Core {
    alignas(64) std::atomic<std::uint64_t> ready{0};
    std::atomic<std::uint32_t> sleeping{0};
    WakeEvent event;
    bool slept = false;
    std::array<LaneCore*, LaneGroup::capacity> lanes{};

    /// After a full fence: what made the lanes ready is visible.
    void mark(std::uint64_t slots) noexcept {
        if ((ready.load(std::memory_order_relaxed) & slots) != slots) {
            ready.fetch_or(slots, std::memory_order_seq_cst);
            wake_sleeper();
        }
    }
    void wake_sleeper() noexcept {
        if (sleeping.load(std::memory_order_seq_cst) != 0 &&
            sleeping.exchange(0, std::memory_order_acq_rel) != 0) {
            event.raise();
        }
    }
};

struct LaneCore final : Lane {
    LaneCore(InstanceCore& owner, std::uint32_t lane_index, std::uint32_t lane_slot);
    ~LaneCore() = default;

    InstanceCore& instance;
    const std::uint32_t index;
    const std::uint32_t slot;
    /// slot | epoch << 16; 0 in the upper half never occurs for a live lane.
    std::atomic<std::uint32_t> uid{0};
    std::atomic<bool> alive{false};
    /// Null while no generation uses the body.
    GenerationCore* generation = nullptr;
    std::atomic<std::uint32_t> generation_number{0};
    /// Read by takers of what it delivered, whenever that is; two words, each whole.
    std::atomic<std::uint64_t> origin_low{0};
    std::atomic<std::uint64_t> origin_high{0};

    /// Where it takes from, and where answers to it go: the instance's mailbox while its generation
    /// is the current one, its own afterwards.
    std::atomic<Mailbox*> inbox{nullptr};
    Mailbox own_box;
    /// False once its generation has left its connection: answers to it go where their `to` says.
    std::atomic<bool> answerable{true};

    // Sleep.
    static constexpr std::uint32_t awake = 0;
    static constexpr std::uint32_t for_signals = 1;
    static constexpr std::uint32_t for_anything = 2;
    alignas(64) std::atomic<std::uint32_t> sleeping{awake};
    std::atomic<LaneGroup::Core*> group{nullptr};
    std::atomic<std::uint32_t> group_slot{0};
    std::atomic<InlineDispatch*> dispatch{nullptr};
    WakeEvent event;
    bool slept = false;
    /// The lane's thread is between `enter` and `leave`: the mailbox it locked.
    Mailbox* entered = nullptr;

    // Signals.
    SignalQueue signals;
    std::vector<Signal> shown;
    std::atomic<bool> wake_waiting{false};
    std::atomic<std::uint32_t> receipts_due{0};
    std::atomic<bool> waits_for_itself{false};

    /// The cache of the thread whose calls count without atomic additions.
    std::atomic<ThreadCache*> bound{nullptr};
    std::array<LaneCounters, 3> counters;

    /// The sender of the last envelope, to learn a repeated sender's route once.
    std::atomic<std::uint32_t> last_sender{AddressBook::none};

    [[nodiscard]] LaneRef ref() const noexcept;
    [[nodiscard]] patchbay_origin origin_value() const noexcept {
        return std::bit_cast<patchbay_origin>(
            std::array<std::uint64_t, 2>{origin_low.load(std::memory_order_relaxed),
                                         origin_high.load(std::memory_order_relaxed)});
    }
    [[nodiscard]] std::uint64_t in_flight() const noexcept;
    /// After a full fence: an envelope was put into the mailbox it takes from.
    void notify_envelopes() noexcept;
    void notify_signals() noexcept;
    [[nodiscard]] LaneCounters& counters_of(bool exclusive) noexcept {
        return counters[exclusive ? 0 : 1];
    }
};

struct GenerationCore final : Generation {
    GenerationCore(InstanceCore& owner, std::uint32_t unique, std::uint32_t count)
        : instance(owner), uid(unique), number(count) {}
    ~GenerationCore() = default;

    InstanceCore& instance;
    /// Unique in the multiplexer; `number` counts the instance's generations.
    const std::uint32_t uid;
    const std::uint32_t number;
    std::vector<LaneCore*> lanes;
    /// References to blocks that other generations allocated.
    std::mutex retained_mutex;
    std::unordered_map<Node*, std::uint32_t> retained;
};

struct InstanceCore final : Instance {
    InstanceCore(Multiplexer::Core& owner, std::uint32_t unique, InstanceOptions limits);
    ~InstanceCore();

    Multiplexer::Core& core;
    const std::uint32_t number;
    const InstanceOptions options;
    /// Begins as the one of the options.
    std::atomic<std::uint64_t> send_time_limit;
    const ProtocolPolicy policy;
    std::atomic<InstanceState> state{InstanceState::expected};
    std::atomic<bool> consumer{false};
    std::atomic<bool> inbound_stopped{false};
    std::atomic<bool> removed{false};
    /// One mailbox per lane, made when a generation first has that lane.
    std::unique_ptr<std::atomic<Mailbox*>[]> boxes;
    std::atomic<std::uint32_t> box_count{0};

    std::mutex mutex;
    std::vector<std::unique_ptr<Mailbox>> box_owners;
    std::vector<std::unique_ptr<GenerationCore>> generations;  ///< oldest first
    std::atomic<GenerationCore*> current{nullptr};
    std::vector<std::unique_ptr<LaneCore>> lane_bodies;
    std::uint32_t generation_count = 0;
    /// Payload bytes of blocks that its code allocated and did not give away. Threads add in steps.
    std::atomic<std::int64_t> held_bytes{0};

    // Counters of what is rare.
    std::array<std::atomic<std::uint64_t>, reason_count> dead_lettered{};
    std::atomic<std::uint64_t> failed{0};
    std::atomic<std::uint64_t> not_mine{0};
    std::atomic<std::uint64_t> overdue{0};
    std::atomic<std::uint64_t> misbehaviour{0};
    std::atomic<std::uint64_t> receipts{0};
    std::atomic<std::uint64_t> receipts_lost{0};
    std::atomic<std::uint64_t> error_replies{0};
    std::atomic<std::uint64_t> error_replies_suppressed{0};
    /// Error messages that may still be sent in this second: number, and second above.
    std::atomic<std::uint64_t> error_budget{0};

    [[nodiscard]] Mailbox* box(std::uint32_t lane) const noexcept {
        return boxes[lane].load(std::memory_order_acquire);
    }
    /// The mailbox for what lane `source` of another instance sends to "any lane": always the same
    /// one, so that order is kept.
    [[nodiscard]] Mailbox* box_for(LaneRef ref, std::uint32_t source_slot) const noexcept {
        const std::uint32_t count = box_count.load(std::memory_order_acquire);
        const std::uint32_t lane = lane_of(ref);
        return box(lane < count ? lane : count == 1 ? 0 : source_slot % count);
    }
    void misbehaved(std::string_view code, std::string_view text);
};

/// Counts completions of a call, lane by lane. To be flushed at its end.
class CompletionTally {
  public:
    explicit CompletionTally(bool gated = false) noexcept : gated_(gated) {}
    void add(ThreadCache& cache, LaneCore* lane) noexcept {
        if (lane != lane_) {
            flush(cache);
            lane_ = lane;
        }
        ++count_;
    }
    void flush(ThreadCache& cache) noexcept;

  private:
    LaneCore* lane_ = nullptr;
    std::uint64_t count_ = 0;
    bool gated_;
};

/// What a failed or refused envelope was, for dead letters; views into wherever it lives.
struct EnvelopeParts {
    std::string_view to;
    std::string_view sender;
    std::string_view protocol_id;
    std::string_view message;
    std::string_view uri;
    std::string_view connection_id;
    std::uint32_t hops = 0;
    bool from_host = false;
};

struct Multiplexer::Core {
    Core(Multiplexer& face, const Options& limits, const Clock& time, events::EventSink& sink,
         DeadLetterSink& letters);
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;
    ~Core();

    Multiplexer& multiplexer;
    const Options options;
    const Clock& clock;
    events::EventSink& events;
    DeadLetterSink& dead_letters;
    Pool pool;
    AddressBook book;
    ProtocolTable protocols;
    AgentNames agent_names;
    const std::uint64_t secret;

    // Read by every delivery, written seldom.
    alignas(64) std::atomic<std::uint64_t> map_version{0};
    std::atomic<bool> inbound_stopped{false};
    /// Seconds since the start, as of the last `tick`.
    std::atomic<std::uint32_t> now{0};
    std::atomic<std::uint16_t> learn_tick{0};

    alignas(64) mutable std::mutex mutex;  ///< structure: instances, routing, lanes, caches
    RoutingTable table;
    std::shared_ptr<const RouteMap> map;
    std::vector<std::unique_ptr<InstanceCore>> instances;  ///< by number - 1
    std::vector<std::unique_ptr<ThreadCache>> caches;
    std::vector<ThreadCache*> idle_caches;
    std::unique_ptr<ThreadCache> shared_cache;
    std::mutex shared_mutex;
    /// Lanes by slot. Slots are never used for another lane body.
    static constexpr std::uint32_t lane_slots = 0x4000;
    std::unique_ptr<std::atomic<LaneCore*>[]> lanes;
    std::atomic<std::uint32_t> lane_count{1};
    std::atomic<std::uint32_t> generation_count{0};
    const std::uint64_t started;
    std::unique_ptr<Directory> directory;

    std::atomic<std::uint64_t> dead_letter_count{0};
    std::atomic<std::uint64_t> dead_letters_refused{0};
    /// Makes the dialogue references of error messages different.
    std::atomic<std::uint64_t> error_number{1};
    /// Some lane got FULL because the pool was exhausted; `tick` says when there is room.
    std::atomic<bool> starved{false};

    [[nodiscard]] LaneCore* lane_at(std::uint32_t uid) const noexcept {
        LaneCore* body = body_at(uid);
        return body != nullptr && body->uid.load(std::memory_order_relaxed) == uid &&
                       body->alive.load(std::memory_order_acquire)
                   ? body
                   : nullptr;
    }
    /// The body in that slot, whichever generation uses it now.
    [[nodiscard]] LaneCore* body_at(std::uint32_t uid) const noexcept {
        return lanes[uid & 0xFFFFU].load(std::memory_order_acquire);
    }
    [[nodiscard]] LaneCore* lane_of_origin(const patchbay_origin& origin) const noexcept;
    [[nodiscard]] std::uint32_t origin_mask(std::uint32_t instance, std::uint32_t generation,
                                            std::uint32_t lane) const noexcept;
    /// With `mutex` held: compiles the table again and publishes it.
    void rebuild_map();
    [[nodiscard]] std::shared_ptr<const RouteMap> current_map() const;
    [[nodiscard]] InstanceCore* instance_at(std::uint32_t number) const;

    // ---- Nodes (settle.cpp) ----
    [[nodiscard]] EnvelopeParts parts_of(Node& node) const noexcept;
    void unreference(ThreadCache& cache, Node& block) noexcept;
    /// Takes back one reference that the generation's code holds; false when it holds none.
    bool drop_reference(ThreadCache& cache, GenerationCore& generation, Node& node) noexcept;
    /// The node is nobody's: reports its outcome to whoever waits, and frees it.
    void finish(ThreadCache& cache, Node& node, std::uint64_t state) noexcept;
    /// Frees it without reporting.
    void discard(ThreadCache& cache, Node& node, std::uint64_t state) noexcept;
    void worsen(Node& node, std::uint32_t outcome, const Failure* failure) noexcept;
    /// A child of the node with that token settled.
    void settle_child(ThreadCache& cache, std::uint64_t parent, std::uint32_t outcome,
                      const Failure* failure) noexcept;
    void release_child(ThreadCache& cache, Node& node) noexcept;
    void post_receipt(std::uint32_t lane, std::uint64_t receipt, std::uint32_t outcome,
                      const Failure* failure) noexcept;
    /// A queued node that nobody will take: dead letter, outcome, freed.
    void bury(ThreadCache& cache, Node& node, InstanceCore* destination, std::uint32_t reason,
              std::string_view text) noexcept;
    /// Empties a mailbox into dead letters. Returns how many.
    std::uint64_t bury_all(ThreadCache& cache, Mailbox& box, std::uint32_t reason,
                           std::string_view text) noexcept;
    /// Completes one taken node on behalf of `generation`; false when the token is not its own.
    struct Completion {
        patchbay_status status;
        std::string_view code;
        std::string_view text;
    };
    bool complete(ThreadCache& cache, GenerationCore& generation, std::uint64_t token,
                  const Completion& completion, CompletionTally& tally) noexcept;
    void return_credit(const Node& node) noexcept;
    /// The failing half of `complete`; the node waits with one child that is ours.
    void fail(ThreadCache& cache, GenerationCore& generation, Node& node, std::uint64_t state,
              const Completion& completion) noexcept;
    /// Puts the node before the newest generation that is older; false when there is none.
    bool ask_older(GenerationCore& generation, Node& node) noexcept;

    // ---- Dead letters (dead_letters.cpp) ----
    /// `source` delivered it; both may be null.
    void dead_letter(const EnvelopeParts& envelope, LaneCore* source, InstanceCore* source_instance,
                     InstanceCore* destination, std::uint32_t reason, std::string_view code,
                     std::string_view text) noexcept;
    void answer_with_error(const EnvelopeParts& envelope, LaneCore& source, std::uint32_t reason,
                           std::string_view text) noexcept;

    // ---- Housekeeping ----
    void scan_for_overdue(ThreadCache& cache) noexcept;
    /// Reports a taken node as unknown. Its state says `settled`, and a child of ours keeps it.
    void settle_unknown(ThreadCache& cache, Node& node, std::uint32_t reason,
                        std::string_view text) noexcept;
    void reclaim(ThreadCache& cache, GenerationCore& generation, Reclaimed& reclaimed) noexcept;
    void signal_room(Mailbox& box) noexcept;
    /// Lanes that were refused for a reason of their own (of one instance, or all) try again.
    void tell_resumed(const InstanceCore* only);
};

/// What one thread (or all threads without a scope, behind a lock) needs to deliver and complete.
struct ThreadCache {
    explicit ThreadCache(Multiplexer::Core& owner) : core(owner) {}

    Multiplexer::Core& core;
    BlockCache blocks;
    /// Shared by threads without a scope; then `core.shared_mutex` is held.
    bool shared = false;
    /// Inside an inline dispatch.
    std::uint32_t depth = 0;

    std::shared_ptr<const RouteMap> map;
    std::uint64_t map_version = 0;

    /// Held bytes of one instance that were not yet added to it.
    InstanceCore* held_instance = nullptr;
    std::int64_t held_bytes = 0;

    /// Deliver's working space: outside of, and inside an inline dispatch.
    struct Scratch;
    struct ScratchDeleter {
        void operator()(Scratch* space) const noexcept;
    };
    std::array<std::unique_ptr<Scratch, ScratchDeleter>, 2> scratch;

    /// The routing map of now. Lock-free unless it changed.
    [[nodiscard]] const RouteMap& routes();
    void add_held(InstanceCore& instance, std::int64_t bytes) noexcept {
        if (held_instance != &instance) {
            flush_held();
            held_instance = &instance;
        }
        held_bytes += bytes;
        if (held_bytes > 65'536 || held_bytes < -65'536) {
            flush_held();
        }
    }
    void flush_held() noexcept {
        if (held_bytes != 0) {
            held_instance->held_bytes.fetch_add(held_bytes, std::memory_order_relaxed);
        }
        held_bytes = 0;
    }
};

/// The calling thread's cache for as long as it lives: its own, or the shared one with its lock.
class CacheUse {
  public:
    explicit CacheUse(Multiplexer::Core& core) noexcept;
    CacheUse(const CacheUse&) = delete;
    CacheUse& operator=(const CacheUse&) = delete;
    ~CacheUse();

    [[nodiscard]] ThreadCache& operator*() const noexcept { return *cache_; }
    [[nodiscard]] ThreadCache* operator->() const noexcept { return cache_; }

  private:
    ThreadCache* cache_;
};

/// Binds the lane to the thread when nobody is, and says whether it is.
[[nodiscard]] inline bool is_exclusive(LaneCore& lane, ThreadCache& cache) noexcept {
    ThreadCache* bound = lane.bound.load(std::memory_order_relaxed);
    if (bound == &cache) {
        return true;
    }
    return bound == nullptr && !cache.shared &&
           lane.bound.compare_exchange_strong(bound, &cache, std::memory_order_relaxed);
}

/// One past the last lane slot in use.
[[nodiscard]] inline std::uint32_t lane_end(const Multiplexer::Core& core) noexcept {
    return std::min(core.lane_count.load(std::memory_order_acquire), Multiplexer::Core::lane_slots);
}

[[nodiscard]] inline std::uint64_t token_of(const Pool& pool, const Node& node,
                                            std::uint64_t state) noexcept {
    return (std::uint64_t{node_state::epoch(state)} << 32U) | pool.place(&node);
}

[[nodiscard]] inline LaneCore& core_of(Lane& lane) noexcept {
    return static_cast<LaneCore&>(lane);
}
[[nodiscard]] inline const LaneCore& core_of(const Lane& lane) noexcept {
    return static_cast<const LaneCore&>(lane);
}
[[nodiscard]] inline GenerationCore& core_of(Generation& generation) noexcept {
    return static_cast<GenerationCore&>(generation);
}
[[nodiscard]] inline InstanceCore& core_of(Instance& instance) noexcept {
    return static_cast<InstanceCore&>(instance);
}

}  // namespace patchbay::multiplexer
