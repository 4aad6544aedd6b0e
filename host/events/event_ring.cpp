// SPDX-License-Identifier: Apache-2.0
#include "events/event_ring.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::events {

namespace {

std::size_t size_of(const Event& event) {
    return sizeof(Record) + event.subsystem.size() + event.code.size() + event.text.size() +
           event.instance.size();
}

}  // namespace

EventRing::EventRing(std::size_t capacity, std::size_t bytes)
    : capacity_(std::max<std::size_t>(capacity, 1)), byte_limit_(bytes) {}

std::uint64_t EventRing::append(Event event, std::chrono::system_clock::time_point time) {
    std::uint64_t sequence = 0;
    {
        const std::lock_guard lock(mutex_);
        sequence = next_++;
        bytes_ += size_of(event);
        records_.push_back({sequence, time, std::move(event)});
        while (records_.size() > capacity_ || (bytes_ > byte_limit_ && records_.size() > 1)) {
            bytes_ -= size_of(records_.front().event);
            records_.pop_front();
        }
    }
    const std::lock_guard lock(followers_->mutex);
    for (const auto& [id, waker] : followers_->wakers) {
        waker();
    }
    return sequence;
}

EventRing::Batch EventRing::read(std::uint64_t from, std::size_t maximum) const {
    const std::lock_guard lock(mutex_);
    Batch batch;
    const std::uint64_t oldest = next_ - records_.size();
    from = std::max<std::uint64_t>(from, 1);
    batch.next = std::min(from, next_);
    if (from >= next_) {
        return batch;
    }
    if (from < oldest) {
        batch.missed = oldest - from;
        from = oldest;
    }
    const auto first = static_cast<std::size_t>(from - oldest);
    const std::size_t count = std::min(maximum, records_.size() - first);
    const auto begin = records_.begin() + static_cast<std::ptrdiff_t>(first);
    batch.records.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
    batch.next = from + count;
    return batch;
}

std::uint64_t EventRing::next() const {
    const std::lock_guard lock(mutex_);
    return next_;
}

EventRing::Registration EventRing::follow(std::function<void()> waker) {
    const std::shared_ptr<Followers> followers = followers_;
    const std::lock_guard lock(followers->mutex);
    const std::uint64_t id = followers->next_id++;
    followers->wakers.emplace(id, std::move(waker));
    return {nullptr, [followers, id](void*) {
                const std::lock_guard ending(followers->mutex);
                followers->wakers.erase(id);
            }};
}

}  // namespace patchbay::events
