// SPDX-License-Identifier: Apache-2.0
#include <patchbay/net/deadlines.hpp>

#include <algorithm>

namespace patchbay::net {

// ---- Clock --------------------------------------------------------------------------------------

Clock::Clock(const Host& host)
    : host_(host.abi()), table_(host.extension<patchbay_clock>(PATCHBAY_CLOCK_EXTENSION)) {}

std::chrono::nanoseconds Clock::now() const noexcept {
    if (table_ == nullptr) {
        return std::chrono::steady_clock::now().time_since_epoch();
    }
    return std::chrono::nanoseconds(static_cast<std::int64_t>(table_->monotonic(host_)));
}

std::chrono::nanoseconds Clock::wall() const noexcept {
    if (table_ == nullptr) {
        return std::chrono::system_clock::now().time_since_epoch();
    }
    return std::chrono::nanoseconds(static_cast<std::int64_t>(table_->wall(host_)));
}

// ---- Deadline and its queue ---------------------------------------------------------------------

void Deadline::cancel() noexcept {
    if (queue_ == nullptr) {
        return;
    }
    (previous_ != nullptr ? previous_->next_ : queue_->first_) = next_;
    (next_ != nullptr ? next_->previous_ : queue_->last_) = previous_;
    previous_ = next_ = nullptr;
    queue_ = nullptr;
}

DeadlineQueue::~DeadlineQueue() {
    while (first_ != nullptr) {
        first_->cancel();
    }
}

void DeadlineQueue::start(Deadline& who) noexcept {
    who.cancel();
    if (limit_ <= std::chrono::nanoseconds::zero()) {
        return;
    }
    who.due_ = deadlines_.now() + limit_;
    who.queue_ = this;
    who.previous_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &who;
    last_ = &who;
    if (first_ == &who) {
        deadlines_.expect(who.due_);
    }
}

// ---- The queues of a lane -----------------------------------------------------------------------

Deadlines::Deadlines(Lane& lane, const Clock& clock, std::uint64_t timer)
    : lane_(lane), clock_(clock), timer_(timer), now_(clock.now()) {}

Deadlines::~Deadlines() = default;

DeadlineQueue& Deadlines::queue(std::chrono::nanoseconds limit) {
    const auto found =
        std::find_if(queues_.begin(), queues_.end(),
                     [&](const DeadlineQueue& queue) { return queue.limit() == limit; });
    return found != queues_.end() ? *found : queues_.emplace_back(*this, limit);
}

void Deadlines::on_timer() noexcept {
    armed_ = {};
    refresh();
    for (DeadlineQueue& queue : queues_) {
        // Those who start to wait again meanwhile stand at the end, and later than now.
        while (queue.first_ != nullptr && queue.first_->due_ <= now_) {
            Deadline& who = *queue.first_;
            who.cancel();
            who.on_deadline();
        }
    }
    for (const DeadlineQueue& queue : queues_) {
        if (queue.first_ != nullptr) {
            expect(queue.first_->due_);
        }
    }
}

void Deadlines::expect(std::chrono::nanoseconds due) noexcept {
    if (armed_ != std::chrono::nanoseconds::zero() && armed_ <= due) {
        return;
    }
    // A timer that comes too early finds nothing and is set again; none at all would be worse.
    if (lane_.set_timer(timer_, std::max(due - now_, std::chrono::nanoseconds(1)))) {
        armed_ = due;
    }
}

}  // namespace patchbay::net
