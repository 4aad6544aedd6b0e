// SPDX-License-Identifier: Apache-2.0
#include "held_replies.hpp"

namespace patchbay::detail {

bool HeldReplies::waits(const patchbay_origin& reply_to) const noexcept {
    return std::any_of(queues_.begin(), queues_.end(), [&](const Queue& queue) {
        return queue.instance == reply_to.instance && queue.lane == reply_to.lane;
    });
}

void HeldReplies::hold(const patchbay_envelope& reply, std::uint32_t destination) {
    auto queue = std::find_if(queues_.begin(), queues_.end(), [&](const Queue& one) {
        return one.instance == reply.reply_to.instance && one.lane == reply.reply_to.lane;
    });
    if (queue == queues_.end()) {
        queues_.push_back({reply.reply_to.instance, reply.reply_to.lane, destination, {}});
        queue = std::prev(queues_.end());
    }
    queue->replies.push_back(reply);
    ++size_;
}

bool HeldReplies::drop(Queue& queue, const Gone& gone, std::size_t count) noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (!gone[i]) {
            queue.replies[kept++] = queue.replies[i];
        }
    }
    queue.replies.erase(queue.replies.begin() + static_cast<std::ptrdiff_t>(kept),
                        queue.replies.begin() + static_cast<std::ptrdiff_t>(count));
    size_ -= count - kept;
    return kept == 0;
}

void HeldReplies::forget_empty() {
    std::erase_if(queues_, [](const Queue& queue) { return queue.replies.empty(); });
}

std::optional<patchbay_envelope> HeldReplies::take(std::uint64_t parent) {
    for (Queue& queue : queues_) {
        const auto found =
            std::find_if(queue.replies.begin(), queue.replies.end(),
                         [&](const patchbay_envelope& reply) { return reply.parent == parent; });
        if (found != queue.replies.end()) {
            const patchbay_envelope reply = *found;
            queue.replies.erase(found);
            --size_;
            forget_empty();
            return reply;
        }
    }
    return std::nullopt;
}

std::vector<patchbay_envelope> HeldReplies::take_all() {
    std::vector<patchbay_envelope> all;
    all.reserve(size_);
    for (const Queue& queue : queues_) {
        all.insert(all.end(), queue.replies.begin(), queue.replies.end());
    }
    queues_.clear();
    size_ = 0;
    return all;
}

}  // namespace patchbay::detail
