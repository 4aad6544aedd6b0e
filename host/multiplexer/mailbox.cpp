// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/mailbox.hpp"

#include "multiplexer/spin.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

namespace patchbay::multiplexer {

namespace {
/// Positions have 24 bits, and answers with reserved room may come on top of the bound.
constexpr std::uint32_t largest_bound = 1U << 21U;
}  // namespace

Mailbox::Mailbox(InstanceCore& instance, std::uint32_t envelopes, std::uint64_t bytes)
    : instance_(instance),
      bound_(std::clamp<std::uint32_t>(envelopes, 1, largest_bound)),
      bound_units_(std::clamp<std::uint64_t>(bytes, 1, std::uint64_t{1} << 40U) / 16U + 1U),
      largest_ring_(std::bit_ceil(bound_) * 4U) {
    rings_.push_back(std::make_unique<Ring>(smallest_ring, 0));
    oldest_ = rings_.back().get();
    newest_.store(oldest_, std::memory_order_release);
}

Mailbox::~Mailbox() = default;

Mailbox::Pushed Mailbox::push(Node* const* nodes, const std::uint32_t* units_of,
                              std::uint32_t count, bool force) noexcept {
    Backoff backoff;
    std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    for (;;) {
        if ((tail & (growing_bit | closed_bit)) != 0) {
            if ((tail & closed_bit) != 0) {
                return {0, true};
            }
            backoff.pause();
            tail = tail_.load(std::memory_order_relaxed);
            continue;
        }
        const std::uint64_t head = head_.load(std::memory_order_acquire);
        const std::uint32_t used = distance(head, tail);
        const std::uint64_t used_units = (units(tail) - units(head)) & units_mask;
        std::uint32_t fits = count;
        std::uint64_t sum = 0;
        if (force) {
            for (std::uint32_t i = 0; i < count; ++i) {
                sum += units_of[i];
            }
        } else {
            const std::uint32_t taken = used + reserved_.load(std::memory_order_relaxed);
            fits = taken >= bound_ ? 0 : std::min(count, bound_ - taken);
            for (std::uint32_t i = 0; i < fits; ++i) {
                // One envelope always fits an empty mailbox, however large it is.
                if (used_units + sum + units_of[i] > bound_units_ && used + i != 0) {
                    fits = i;
                    break;
                }
                sum += units_of[i];
            }
            if (fits == 0) {
                return {};
            }
        }
        Ring* ring = newest_.load(std::memory_order_acquire);
        if (used + fits > ring->mask + 1U) {
            if (!grow(used + fits)) {
                return {};
            }
            tail = tail_.load(std::memory_order_relaxed);
            continue;
        }
        if (!tail_.compare_exchange_weak(tail, advanced(tail, fits, sum), std::memory_order_acq_rel,
                                         std::memory_order_relaxed)) {
            continue;
        }
        // Read after the claim: it is the ring of these positions or a newer one.
        ring = newest_.load(std::memory_order_acquire);
        const std::uint32_t first = position(tail);
        for (std::uint32_t i = 0; i < fits; ++i) {
            const auto place = static_cast<std::uint32_t>((first + i) & position_mask);
            Ring* owner = ring;
            while (Ring* older = owner->previous.load(std::memory_order_acquire)) {
                if (((place - owner->start) & position_mask) <= position_mask / 2) {
                    break;
                }
                owner = older;
            }
            std::atomic<Node*>& slot = owner->slots[place & owner->mask];
            while (slot.load(std::memory_order_relaxed) != nullptr) {
                backoff.pause();
            }
            slot.store(nodes[i], std::memory_order_release);
        }
        return {fits, false};
    }
}

bool Mailbox::grow(std::uint32_t needed) noexcept {
    const std::lock_guard lock(grow_mutex_);
    Ring* newest = newest_.load(std::memory_order_relaxed);
    const std::uint32_t slots = newest->mask + 1U;
    if (slots >= needed) {
        return true;  // somebody else was faster
    }
    const std::uint32_t larger = std::min(largest_ring_, std::bit_ceil(needed) * 4U);
    if (larger < needed) {
        return false;
    }
    std::unique_ptr<Ring> ring;
    const std::uint64_t tail = tail_.fetch_or(growing_bit, std::memory_order_acq_rel);
    try {
        ring = std::make_unique<Ring>(larger, position(tail));
        rings_.reserve(rings_.size() + 1);
    } catch (const std::bad_alloc&) {
        tail_.fetch_and(~growing_bit, std::memory_order_release);
        return false;
    }
    ring->previous.store(newest, std::memory_order_relaxed);
    newest->next.store(ring.get(), std::memory_order_release);
    newest_.store(ring.get(), std::memory_order_release);
    rings_.push_back(std::move(ring));
    tail_.fetch_and(~growing_bit, std::memory_order_release);
    return true;
}

std::uint32_t Mailbox::take(Node** nodes, std::uint32_t limit) noexcept {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    const std::uint32_t first = position(head);
    std::uint32_t count = 0;
    Ring* ring = oldest_;
    Ring* next = ring->next.load(std::memory_order_acquire);
    while (count < limit) {
        const auto place = static_cast<std::uint32_t>((first + count) & position_mask);
        while (next != nullptr && place == next->start) {
            next->previous.store(nullptr, std::memory_order_release);
            ring = oldest_ = next;
            next = ring->next.load(std::memory_order_acquire);
        }
        std::atomic<Node*>& slot = ring->slots[place & ring->mask];
        Node* node = slot.load(std::memory_order_acquire);
        if (node == nullptr) {
            break;
        }
        slot.store(nullptr, std::memory_order_relaxed);
        __builtin_prefetch(node);
        __builtin_prefetch(reinterpret_cast<const char*>(node) + 64);
        nodes[count++] = node;
    }
    return count;
}

bool Mailbox::is_next_filled() const noexcept {
    const auto place = position(head_.load(std::memory_order_relaxed));
    const Ring* ring = oldest_;
    const Ring* next = ring->next.load(std::memory_order_acquire);
    while (next != nullptr && place == next->start) {
        ring = next;
        next = ring->next.load(std::memory_order_acquire);
    }
    return ring->slots[place & ring->mask].load(std::memory_order_acquire) != nullptr;
}

std::uint32_t Mailbox::size() const noexcept {
    // Head first: it never passes the tail.
    const std::uint64_t head = head_.load(std::memory_order_acquire);
    return distance(head, tail_.load(std::memory_order_acquire));
}

std::uint64_t Mailbox::bytes() const noexcept {
    const std::uint64_t head = head_.load(std::memory_order_acquire);
    return ((units(tail_.load(std::memory_order_acquire)) - units(head)) & units_mask) * 16U;
}

std::uint32_t Mailbox::room(std::uint32_t wanted) const noexcept {
    const std::uint32_t taken = size() + reserved_.load(std::memory_order_relaxed);
    return taken >= bound_ ? 0 : std::min(wanted, bound_ - taken);
}

bool Mailbox::has_bytes(std::uint64_t more) const noexcept {
    const std::uint64_t used = bytes() / 16U;
    return used == 0 || used + more <= bound_units_;
}

bool Mailbox::is_half_empty() const noexcept {
    const std::uint32_t reserved = reserved_.load(std::memory_order_relaxed);
    const std::uint32_t queued = size();
    return queued + reserved < bound_ && queued <= (bound_ - reserved) / 2 &&
           bytes() / 16U <= bound_units_ / 2;
}

bool Mailbox::reserve() noexcept {
    // The sum may overshoot by what is pushed at this moment; the ring has the slots for it.
    const std::uint32_t before = reserved_.fetch_add(1, std::memory_order_relaxed);
    if (before >= bound_ || before + size() >= bound_) {
        reserved_.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }
    return true;
}

void Mailbox::lock() noexcept {
    Backoff backoff;
    while (!try_lock()) {
        backoff.pause();
    }
}

void Mailbox::wait_for_room(std::uint32_t lane) noexcept {
    const std::lock_guard lock(waiters_mutex_);
    if (std::find(waiters_.begin(), waiters_.end(), lane) == waiters_.end()) {
        try {
            waiters_.push_back(lane);
        } catch (const std::bad_alloc&) {
            return;
        }
    }
    has_waiters_.store(true, std::memory_order_seq_cst);
}

std::vector<std::uint32_t> Mailbox::waiters() noexcept {
    const std::lock_guard lock(waiters_mutex_);
    has_waiters_.store(false, std::memory_order_relaxed);
    return std::exchange(waiters_, {});
}

}  // namespace patchbay::multiplexer
