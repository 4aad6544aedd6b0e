// SPDX-License-Identifier: Apache-2.0
#include "identity/heartbeat.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace patchbay::identity {

namespace {

using std::chrono::nanoseconds;

/// Units of time in the longest wait.
constexpr std::int64_t units_in_timeout = 512;
constexpr nanoseconds shortest_unit = std::chrono::milliseconds(1);
/// Pings are late by up to this part of the interval, so that agents that came together are not
/// pinged together for ever.
constexpr std::uint32_t part_for_jitter = 10;

nanoseconds unit_for(const HeartbeatTimes& times) {
    return std::max(times.timeout / units_in_timeout, shortest_unit);
}

std::uint32_t units(nanoseconds time, nanoseconds unit) {
    return static_cast<std::uint32_t>(
        std::max<std::int64_t>((time.count() + unit.count() - 1) / unit.count(), 1));
}

}  // namespace

Heartbeat::Heartbeat(HeartbeatTimes times, std::uint32_t capacity, std::uint64_t now,
                     std::uint64_t first_value)
    : capacity_(std::max<std::uint32_t>(capacity, 1)),
      unit_(unit_for(times)),
      start_(now),
      interval_(units(times.interval, unit_)),
      timeout_(std::max(units(times.timeout, unit_), interval_ + 1)),
      jitter_(std::min(interval_ / part_for_jitter, (timeout_ - interval_) / 2)),
      chunks_(std::make_unique<std::atomic<Chunk*>[]>((capacity_ >> chunk_bits) + 1)),
      wheel_(std::bit_ceil(std::size_t{timeout_} + interval_ + 2), none),
      next_value_(std::max<std::uint64_t>(first_value, 1)),
      random_(first_value | 1U) {}

Heartbeat::~Heartbeat() = default;

Heartbeat::Beat& Heartbeat::beat_at(std::uint32_t slot) const noexcept {
    return owned_[slot >> chunk_bits]->beats[slot & (chunk_size - 1)];
}

SessionNumber Heartbeat::number_of(std::uint32_t slot) const noexcept {
    return (std::uint64_t{beat_at(slot).count.load(std::memory_order_relaxed)} << 32U) | slot;
}

std::uint32_t Heartbeat::spread(std::uint32_t slot) noexcept {
    random_ ^= random_ << 13U;
    random_ ^= random_ >> 7U;
    random_ ^= random_ << 17U;
    return static_cast<std::uint32_t>((random_ + slot) % (jitter_ + 1));
}

SessionNumber Heartbeat::add() {
    std::uint32_t slot = 0;
    if (first_free_ < free_.size()) {
        slot = free_[first_free_++];
        if (first_free_ > 1024 && first_free_ * 2 > free_.size()) {
            free_.erase(free_.begin(), free_.begin() + static_cast<std::ptrdiff_t>(first_free_));
            first_free_ = 0;
        }
    } else if (watches_.size() < capacity_) {
        slot = static_cast<std::uint32_t>(watches_.size());
        if ((slot & (chunk_size - 1)) == 0) {
            owned_.push_back(std::make_unique<Chunk>());
            chunks_[slot >> chunk_bits].store(owned_.back().get(), std::memory_order_release);
        }
        watches_.emplace_back();
    } else {
        return 0;
    }
    Beat& beat = beat_at(slot);
    const std::uint32_t now = now_.load(std::memory_order_relaxed);
    beat.seen.store(now, std::memory_order_relaxed);
    const std::uint32_t count = beat.count.load(std::memory_order_relaxed) + 1;
    beat.count.store(count, std::memory_order_release);
    watches_[slot] = Watch{};
    link(slot, now + interval_ + spread(slot));
    ++size_;
    return (std::uint64_t{count} << 32U) | slot;
}

bool Heartbeat::remove(SessionNumber session) {
    Beat* beat = beat_of(session);
    if (beat == nullptr) {
        return false;
    }
    const std::uint32_t slot = slot_of(session);
    unlink(slot);
    beat->count.fetch_add(1, std::memory_order_release);
    free_.push_back(slot);
    --size_;
    return true;
}

void Heartbeat::rest(SessionNumber session) {
    if (beat_of(session) != nullptr) {
        unlink(slot_of(session));
    }
}

std::uint64_t Heartbeat::ping(SessionNumber session) {
    if (beat_of(session) == nullptr) {
        return 0;
    }
    return watches_[slot_of(session)].value = next_value_++;
}

bool Heartbeat::pong(SessionNumber session, std::uint64_t value) {
    if (value == 0 || beat_of(session) == nullptr) {
        return false;
    }
    Watch& watch = watches_[slot_of(session)];
    if (watch.value != value) {
        return false;
    }
    watch.value = 0;
    watch.missed = 0;
    touch(session);
    return true;
}

void Heartbeat::tick(std::uint64_t now, HeartbeatSink& sink) {
    const std::uint32_t before = now_.load(std::memory_order_relaxed);
    const auto target = static_cast<std::uint32_t>((now - std::min(now, start_)) /
                                                   static_cast<std::uint64_t>(unit_.count())) +
                        1;
    if (target <= before) {
        return;
    }
    now_.store(target, std::memory_order_relaxed);
    const auto slots =
        static_cast<std::uint32_t>(std::min<std::size_t>(target - before, wheel_.size()));
    for (std::uint32_t i = 0; i < slots; ++i) {
        std::uint32_t& head = wheel_[(target - i) & (wheel_.size() - 1)];
        std::uint32_t slot = std::exchange(head, none);
        while (slot != none) {
            const std::uint32_t next = watches_[slot].next;
            watches_[slot].linked = false;
            if (watches_[slot].due > target) {
                link(slot, watches_[slot].due);  // of a later turn of the wheel
            } else {
                look_at(slot, sink);
            }
            slot = next;
        }
    }
}

void Heartbeat::look_at(std::uint32_t slot, HeartbeatSink& sink) {
    ++looked_at_;
    Watch& watch = watches_[slot];
    const std::uint32_t now = now_.load(std::memory_order_relaxed);
    const std::uint32_t seen = beat_at(slot).seen.load(std::memory_order_relaxed);
    const std::uint32_t silent = now - std::min(now, seen);
    if (silent >= timeout_) {
        sink.lost(number_of(slot));
        return;
    }
    if (silent < interval_) {
        watch.value = 0;
        watch.missed = 0;
        link(slot, seen + interval_ + spread(slot));
        return;
    }
    if (watch.value != 0) {
        ++watch.missed;
    }
    watch.value = next_value_++;
    link(slot, std::min(now + interval_ + spread(slot), seen + timeout_));
    sink.ping(number_of(slot), watch.value, watch.missed);
}

void Heartbeat::link(std::uint32_t slot, std::uint32_t due) noexcept {
    Watch& watch = watches_[slot];
    // The slot of this very moment was looked at already.
    watch.due = std::max(due, now_.load(std::memory_order_relaxed) + 1);
    std::uint32_t& head = wheel_[watch.due & (wheel_.size() - 1)];
    watch.previous = none;
    watch.next = head;
    watch.linked = true;
    if (head != none) {
        watches_[head].previous = slot;
    }
    head = slot;
}

void Heartbeat::unlink(std::uint32_t slot) noexcept {
    Watch& watch = watches_[slot];
    if (!watch.linked) {
        return;
    }
    watch.linked = false;
    if (watch.previous != none) {
        watches_[watch.previous].next = watch.next;
    } else {
        wheel_[watch.due & (wheel_.size() - 1)] = watch.next;
    }
    if (watch.next != none) {
        watches_[watch.next].previous = watch.previous;
    }
}

std::chrono::nanoseconds Heartbeat::silence(SessionNumber session) const noexcept {
    const std::uint32_t last = seen(session);
    const std::uint32_t now = now_.load(std::memory_order_relaxed);
    return last == 0 ? nanoseconds{0} : unit_ * (now - std::min(now, last));
}

std::uint32_t Heartbeat::seen(SessionNumber session) const noexcept {
    const Beat* beat = beat_of(session);
    return beat == nullptr ? 0 : beat->seen.load(std::memory_order_relaxed);
}

}  // namespace patchbay::identity
