// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which sessions are still alive. A session that was silent for `interval` is pinged, again each
/// interval, and is lost when it was silent for `timeout`; whatever comes from it is a beat.
///
/// There is no timer per session: one wheel, whose slots hold the sessions that are to be looked at
/// next. A beat stores a coarse time and moves nothing; a session that turns out to have beaten
/// since is put off when its turn comes. So a beat costs a store, and a tick what is due.
///
/// A session's number is never used again: its lower half is a slot, its upper half counts the uses
/// of that slot. Whatever arrives for an old number finds another count and changes nothing.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace patchbay::identity {

/// Never 0 for a session.
using SessionNumber = std::uint64_t;

[[nodiscard]] constexpr std::uint32_t slot_of(SessionNumber session) noexcept {
    return static_cast<std::uint32_t>(session);
}

struct HeartbeatTimes {
    std::chrono::nanoseconds interval = std::chrono::seconds(30);
    /// Longer than `interval`.
    std::chrono::nanoseconds timeout = std::chrono::seconds(90);
};

/// What a tick asks for. `remove` may be called from within `lost`, for that session.
class HeartbeatSink {
  public:
    HeartbeatSink() = default;
    HeartbeatSink(const HeartbeatSink&) = delete;
    HeartbeatSink& operator=(const HeartbeatSink&) = delete;
    virtual ~HeartbeatSink() = default;

    /// `missed` pings before this one were not answered.
    virtual void ping(SessionNumber session, std::uint64_t value, std::uint32_t missed) = 0;
    /// It was silent for too long. It is not looked at again.
    virtual void lost(SessionNumber session) = 0;
};

/// `touch`, `lives` and `silence` are for any thread; the rest is serialised by the caller. Times
/// are those of the monotonic clock, in nanoseconds.
class Heartbeat {
  public:
    /// `first_value` is that of the first ping; the next ones count on from there, so that it must
    /// leave room below 2^53 (microseconds since 1970 do).
    Heartbeat(HeartbeatTimes times, std::uint32_t capacity, std::uint64_t now,
              std::uint64_t first_value);
    Heartbeat(const Heartbeat&) = delete;
    Heartbeat& operator=(const Heartbeat&) = delete;
    ~Heartbeat();

    /// A session that lives since now; 0 when there are `capacity` already.
    SessionNumber add();
    /// Ends its watch, and the number. False: no such session.
    bool remove(SessionNumber session);
    /// Ends its watch alone: a session whose socket has closed is not pinged.
    void rest(SessionNumber session);
    /// A ping outside the order, for a probe: the value to be answered. 0: no such session.
    [[nodiscard]] std::uint64_t ping(SessionNumber session);
    /// True when it answers the last ping of that session, and is a beat then.
    bool pong(SessionNumber session, std::uint64_t value);
    /// Moves the clock on and looks at what is due.
    void tick(std::uint64_t now, HeartbeatSink& sink);

    /// A beat.
    void touch(SessionNumber session) noexcept {
        if (Beat* beat = beat_of(session); beat != nullptr) {
            const std::uint32_t now = now_.load(std::memory_order_relaxed);
            // Of the many beats in one unit of time only the first writes.
            if (beat->seen.load(std::memory_order_relaxed) != now) {
                beat->seen.store(now, std::memory_order_relaxed);
            }
        }
    }
    [[nodiscard]] bool lives(SessionNumber session) const noexcept {
        return beat_of(session) != nullptr;
    }
    /// How long ago, at the last tick, it beat last. Coarse.
    [[nodiscard]] std::chrono::nanoseconds silence(SessionNumber session) const noexcept;
    /// When it beat last, in units of `resolution`; 0: no such session.
    [[nodiscard]] std::uint32_t seen(SessionNumber session) const noexcept;

    /// The time of the last tick, in the same units.
    [[nodiscard]] std::uint32_t now() const noexcept {
        return now_.load(std::memory_order_relaxed);
    }

    /// How often `tick` should be called.
    [[nodiscard]] std::chrono::nanoseconds resolution() const noexcept { return unit_; }
    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
    /// Sessions that ticks have looked at.
    [[nodiscard]] std::uint64_t looked_at() const noexcept { return looked_at_; }

  private:
    /// What beats touch, apart from the rest so that a hundred thousand fit into a cache.
    struct Beat {
        std::atomic<std::uint32_t> count{0};
        std::atomic<std::uint32_t> seen{0};
    };
    struct Watch {
        std::uint64_t value = 0;  ///< of the ping that was not answered yet; 0 = none
        std::uint32_t due = 0;
        std::uint32_t next = none;
        std::uint32_t previous = none;
        std::uint16_t missed = 0;
        bool linked = false;
    };
    static constexpr std::uint32_t none = 0xFFFFFFFF;
    static constexpr std::uint32_t chunk_bits = 12;
    static constexpr std::uint32_t chunk_size = 1U << chunk_bits;
    struct Chunk {
        std::array<Beat, chunk_size> beats;
    };

    /// Null unless the session lives.
    [[nodiscard]] Beat* beat_of(SessionNumber session) const noexcept {
        const std::uint32_t slot = slot_of(session);
        if (slot >= capacity_) {
            return nullptr;
        }
        Chunk* chunk = chunks_[slot >> chunk_bits].load(std::memory_order_acquire);
        if (chunk == nullptr) {
            return nullptr;
        }
        Beat& beat = chunk->beats[slot & (chunk_size - 1)];
        // Odd while the slot is in use.
        const std::uint64_t count = session >> 32U;
        return count % 2 != 0 && beat.count.load(std::memory_order_relaxed) == count ? &beat
                                                                                     : nullptr;
    }
    [[nodiscard]] Beat& beat_at(std::uint32_t slot) const noexcept;
    [[nodiscard]] SessionNumber number_of(std::uint32_t slot) const noexcept;
    [[nodiscard]] std::uint32_t spread(std::uint32_t slot) noexcept;
    void link(std::uint32_t slot, std::uint32_t due) noexcept;
    void unlink(std::uint32_t slot) noexcept;
    void look_at(std::uint32_t slot, HeartbeatSink& sink);

    const std::uint32_t capacity_;
    const std::chrono::nanoseconds unit_;
    const std::uint64_t start_;
    // In units.
    const std::uint32_t interval_;
    const std::uint32_t timeout_;
    const std::uint32_t jitter_;
    std::atomic<std::uint32_t> now_{1};
    std::unique_ptr<std::atomic<Chunk*>[]> chunks_;
    std::vector<std::unique_ptr<Chunk>> owned_;
    std::vector<Watch> watches_;
    /// Slots that are free again, to be used in the order in which they became free.
    std::vector<std::uint32_t> free_;
    std::size_t first_free_ = 0;
    std::vector<std::uint32_t> wheel_;
    std::uint64_t next_value_;
    std::uint64_t random_;
    std::uint32_t size_ = 0;
    std::uint64_t looked_at_ = 0;
};

}  // namespace patchbay::identity
