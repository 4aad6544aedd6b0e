// SPDX-License-Identifier: Apache-2.0
/// \file
/// The last events of the host, numbered, in bounded memory. Followers keep nothing but the number
/// of the next event they want, so that a slow one costs no memory: when the ring has moved past
/// it, it is told how many events it missed.
#pragma once

#include "events/event.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace patchbay::events {

/// An event as it was recorded.
struct Record {
    /// Counts from 1 without gaps for the life of the host.
    std::uint64_t sequence = 0;
    std::chrono::system_clock::time_point time;
    Event event;
};

/// Thread-safe.
class EventRing {
  public:
    /// At most `capacity` events and `bytes` bytes of text; the newest event is always kept.
    explicit EventRing(std::size_t capacity = 1024, std::size_t bytes = std::size_t{1} << 20U);

    /// Appends, then calls the followers' wakers. Returns the event's number.
    std::uint64_t append(Event event, std::chrono::system_clock::time_point time);

    struct Batch {
        std::vector<Record> records;
        /// Events between the one asked for and the first of `records` that are gone.
        std::uint64_t missed = 0;
        /// What to ask for next time.
        std::uint64_t next = 1;
    };
    /// Up to `maximum` events from number `from` on; none when there are no newer ones yet.
    [[nodiscard]] Batch read(std::uint64_t from, std::size_t maximum) const;

    /// Number that the next event will have.
    [[nodiscard]] std::uint64_t next() const;

    /// Ends the registration when it is destroyed; the waker is not called afterwards.
    using Registration = std::shared_ptr<void>;
    /// `waker` is called after every append on the appending thread, under a lock: it must return
    /// promptly and must not call the ring (write to a descriptor, post to a loop).
    [[nodiscard]] Registration follow(std::function<void()> waker);

  private:
    struct Followers {
        std::mutex mutex;
        std::map<std::uint64_t, std::function<void()>> wakers;
        std::uint64_t next_id = 0;
    };

    const std::size_t capacity_;
    const std::size_t byte_limit_;
    mutable std::mutex mutex_;
    std::deque<Record> records_;
    std::size_t bytes_ = 0;
    std::uint64_t next_ = 1;
    std::shared_ptr<Followers> followers_ = std::make_shared<Followers>();
};

}  // namespace patchbay::events
