// SPDX-License-Identifier: Apache-2.0
/// \file
/// The bounded queue in front of one lane: many producers, one consumer at a time.
///
/// A producer claims a whole run of positions with one compare-and-swap on `tail_`, then fills the
/// slots. `tail_` packs the position and the running sum of bytes, `head_` the same for what was
/// consumed, so that one word each tells whether an envelope fits the bounds in envelopes and in
/// bytes. The consumer takes slots in order as far as they are filled, and empties them before it
/// publishes `head_`.
///
/// Ordering. A slot is filled with release and read with acquire: whatever the producer wrote to
/// the node is visible to the consumer. The consumer empties a slot, then publishes `head_` with
/// release; a producer reads `head_` with acquire before it claims, so it finds its slots empty.
/// Should the position wrap around while a producer sleeps between reading and claiming (that takes
/// 2^24 envelopes and an equal sum of bytes), it waits until its slot is empty; nothing is lost.
///
/// Growth. Positions belong to the mailbox, slots to a ring. To grow, a producer under
/// `grow_mutex_` sets a bit in `tail_` that makes others wait, links a larger ring that holds the
/// positions from here on, and clears the bit. The consumer moves to the next ring when it gets
/// there.
#pragma once

#include "multiplexer/node.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace patchbay::multiplexer {

struct LaneCore;
struct InstanceCore;

/// Bytes that a node counts for, in units of 16: the block that it keeps alive.
[[nodiscard]] inline std::uint64_t node_units(const Node& node) noexcept {
    return (std::uint64_t{node.block->capacity} + sizeof(Node)) / 16U;
}

class Mailbox {
  public:
    Mailbox(InstanceCore& instance, std::uint32_t envelopes, std::uint64_t bytes);
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;
    ~Mailbox();

    struct Pushed {
        std::uint32_t count = 0;
        bool closed = false;
    };

    /// Appends nodes, as many from the front as fit. `units[i]` is `node_units` of node i. `force`
    /// ignores the bounds (an answer with reserved room); only memory can then refuse.
    [[nodiscard]] Pushed push(Node* const* nodes, const std::uint32_t* units, std::uint32_t count,
                              bool force) noexcept;

    /// How many envelopes fit now, at most `wanted`. A hint: others may be faster.
    [[nodiscard]] std::uint32_t room(std::uint32_t wanted) const noexcept;
    [[nodiscard]] bool has_bytes(std::uint64_t units) const noexcept;
    /// Fetches the lines that `push` will write.
    void prefetch() const noexcept {
        __builtin_prefetch(&tail_, 1);
        __builtin_prefetch(&head_, 1);
    }

    // ---- Consumer: only with the gate locked ----

    /// Takes up to `limit` nodes in order, and starts to fetch them. `took` must follow.
    [[nodiscard]] std::uint32_t take(Node** nodes, std::uint32_t limit) noexcept;
    /// Frees the room of the nodes just taken; `sum` is the sum of their `node_units`.
    void took(std::uint32_t count, std::uint64_t sum) noexcept {
        const std::uint64_t head = head_.load(std::memory_order_relaxed);
        head_.store(advanced(head, count, sum), std::memory_order_release);
    }
    /// Something can be taken now, or a producer is about to fill a slot that is next.
    [[nodiscard]] bool is_next_filled() const noexcept;

    // ---- Any thread ----

    [[nodiscard]] bool is_empty() const noexcept {
        const std::uint64_t head = head_.load(std::memory_order_acquire);
        return position(tail_.load(std::memory_order_acquire)) == position(head);
    }
    [[nodiscard]] std::uint32_t size() const noexcept;
    [[nodiscard]] std::uint64_t bytes() const noexcept;
    /// Half empty in envelopes (of those that are not reserved) and in bytes.
    [[nodiscard]] bool is_half_empty() const noexcept;

    /// Later pushes find it closed. What was claimed before is still coming.
    void close() noexcept { tail_.fetch_or(closed_bit, std::memory_order_seq_cst); }
    void open() noexcept { tail_.fetch_and(~closed_bit, std::memory_order_seq_cst); }
    [[nodiscard]] bool is_closed() const noexcept {
        return (tail_.load(std::memory_order_acquire) & closed_bit) != 0;
    }

    /// Reserves room for one answer. False when all room is reserved or taken.
    [[nodiscard]] bool reserve() noexcept;
    [[nodiscard]] std::uint32_t reserved() const noexcept {
        return reserved_.load(std::memory_order_relaxed);
    }
    void unreserve() noexcept { reserved_.fetch_sub(1, std::memory_order_relaxed); }

    /// Held by whoever consumes: a take, or a whole dispatch of lanes with inline dispatch.
    [[nodiscard]] bool try_lock() noexcept {
        return gate_.load(std::memory_order_relaxed) == 0 &&
               gate_.exchange(1, std::memory_order_acquire) == 0;
    }
    void lock() noexcept;
    void unlock() noexcept { gate_.store(0, std::memory_order_release); }

    /// Remembers a lane (by unique number) that was refused for lack of room.
    void wait_for_room(std::uint32_t lane) noexcept;
    [[nodiscard]] bool has_waiters() const noexcept {
        return has_waiters_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::vector<std::uint32_t> waiters() noexcept;

    [[nodiscard]] InstanceCore& instance() const noexcept { return instance_; }
    /// The lane to wake.
    std::atomic<LaneCore*> taker{nullptr};
    /// Where a run of the current batch for this mailbox is kept by each deliverer: see deliver.
    std::uint32_t number = 0;

  private:
    struct Ring {
        Ring(std::uint32_t size, std::uint32_t first)
            : start(first), mask(size - 1), slots(std::make_unique<std::atomic<Node*>[]>(size)) {}
        const std::uint32_t start;
        const std::uint32_t mask;
        std::atomic<Ring*> next{nullptr};
        std::atomic<Ring*> previous{nullptr};
        std::unique_ptr<std::atomic<Node*>[]> slots;
    };

    static constexpr unsigned position_shift = 40;
    static constexpr std::uint64_t position_mask = 0xFFFFFF;
    static constexpr std::uint64_t growing_bit = std::uint64_t{1} << 39U;
    static constexpr std::uint64_t closed_bit = std::uint64_t{1} << 38U;
    static constexpr std::uint64_t units_mask = closed_bit - 1;
    static constexpr std::uint32_t smallest_ring = 64;

    [[nodiscard]] static std::uint32_t position(std::uint64_t word) noexcept {
        return static_cast<std::uint32_t>(word >> position_shift);
    }
    [[nodiscard]] static std::uint64_t units(std::uint64_t word) noexcept {
        return word & units_mask;
    }
    [[nodiscard]] static std::uint32_t distance(std::uint64_t from, std::uint64_t to) noexcept {
        return static_cast<std::uint32_t>((position(to) - position(from)) & position_mask);
    }
    [[nodiscard]] static std::uint64_t advanced(std::uint64_t word, std::uint32_t positions,
                                                std::uint64_t more_units) noexcept {
        const std::uint64_t next = (std::uint64_t{position(word)} + positions) & position_mask;
        return (next << position_shift) | (word & (growing_bit | closed_bit)) |
               ((units(word) + more_units) & units_mask);
    }
    [[nodiscard]] bool grow(std::uint32_t needed) noexcept;

    InstanceCore& instance_;
    const std::uint32_t bound_;
    const std::uint64_t bound_units_;
    const std::uint32_t largest_ring_;

    // Producers.
    alignas(64) std::atomic<std::uint64_t> tail_{0};
    std::atomic<Ring*> newest_;
    std::atomic<std::uint32_t> reserved_{0};
    std::atomic<bool> has_waiters_{false};
    // Consumer.
    alignas(64) std::atomic<std::uint64_t> head_{0};
    Ring* oldest_;
    std::atomic<std::uint32_t> gate_{0};
    // Seldom.
    alignas(64) std::mutex grow_mutex_;
    std::vector<std::unique_ptr<Ring>> rings_;
    std::mutex waiters_mutex_;
    std::vector<std::uint32_t> waiters_;
};

}  // namespace patchbay::multiplexer
