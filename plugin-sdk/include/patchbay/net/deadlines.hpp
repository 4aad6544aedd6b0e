// SPDX-License-Identifier: Apache-2.0
/// \file
/// Time limits of many objects on one lane. Objects that share a limit stand in one queue in the
/// order in which they began to wait, which is the order in which their time is up; so starting and
/// ending a wait costs a few pointers, and one timer of the host serves them all. Time is the
/// host's, which tests run by hand.
#pragma once

#include <patchbay/host.hpp>
#include <patchbay/lane.hpp>

#include <chrono>
#include <cstdint>
#include <list>

namespace patchbay::net {

/// The host's monotonic clock. [any-thread]
class Clock {
  public:
    explicit Clock(const Host& host);
    /// Time since some fixed moment.
    [[nodiscard]] std::chrono::nanoseconds now() const noexcept;
    /// Time since 1970, UTC.
    [[nodiscard]] std::chrono::nanoseconds wall() const noexcept;

  private:
    const patchbay_host* host_;
    const patchbay_clock* table_;
};

class DeadlineQueue;
class Deadlines;

/// Something that waits, in at most one queue at a time. [lane]
class Deadline {
  public:
    Deadline() = default;
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    /// The time is up; it stands in no queue any more. Must not throw.
    virtual void on_deadline() noexcept = 0;
    /// Stops waiting.
    void cancel() noexcept;
    [[nodiscard]] bool is_waiting() const noexcept { return queue_ != nullptr; }

  protected:
    ~Deadline() { cancel(); }

  private:
    friend class DeadlineQueue;
    friend class Deadlines;
    Deadline* previous_ = nullptr;
    Deadline* next_ = nullptr;
    DeadlineQueue* queue_ = nullptr;
    std::chrono::nanoseconds due_{};
};

/// Those who wait equally long. [lane]
class DeadlineQueue {
  public:
    /// See Deadlines::queue.
    DeadlineQueue(Deadlines& deadlines, std::chrono::nanoseconds limit)
        : deadlines_(deadlines), limit_(limit) {}
    DeadlineQueue(const DeadlineQueue&) = delete;
    DeadlineQueue& operator=(const DeadlineQueue&) = delete;
    ~DeadlineQueue();

    /// `who` waits from now on, and no longer where it waited before. Without a limit it just stops
    /// waiting.
    void start(Deadline& who) noexcept;
    [[nodiscard]] std::chrono::nanoseconds limit() const noexcept { return limit_; }

  private:
    friend class Deadline;
    friend class Deadlines;

    Deadlines& deadlines_;
    std::chrono::nanoseconds limit_;
    Deadline* first_ = nullptr;
    Deadline* last_ = nullptr;
};

/// The queues of one lane and their timer. [lane]
class Deadlines {
  public:
    /// `timer` is a token that the connection uses for nothing else on this lane.
    Deadlines(Lane& lane, const Clock& clock, std::uint64_t timer);
    Deadlines(const Deadlines&) = delete;
    Deadlines& operator=(const Deadlines&) = delete;
    ~Deadlines();

    /// The queue for a limit; a limit of zero means that time never runs out. Lives as long as
    /// this.
    [[nodiscard]] DeadlineQueue& queue(std::chrono::nanoseconds limit);
    /// To be called from `Connection::on_timer` with the token.
    void on_timer() noexcept;
    /// The time as of the last `refresh`: one look at the clock serves a whole turn.
    [[nodiscard]] std::chrono::nanoseconds now() const noexcept { return now_; }
    void refresh() noexcept { now_ = clock_.now(); }

  private:
    friend class DeadlineQueue;
    void expect(std::chrono::nanoseconds due) noexcept;

    Lane& lane_;
    const Clock& clock_;
    std::uint64_t timer_;
    std::chrono::nanoseconds now_{};
    /// When the host's timer fires; zero when none is set.
    std::chrono::nanoseconds armed_{};
    std::list<DeadlineQueue> queues_;
};

}  // namespace patchbay::net
