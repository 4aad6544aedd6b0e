// SPDX-License-Identifier: Apache-2.0
/// \file
/// Answers that wait for room where they go. They are kept apart by the lane that asked, because
/// that is what has room or not: an answer to a lane for which others wait goes behind them, and
/// answers to other lanes pass.
#pragma once

#include <patchbay/abi.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

namespace patchbay::detail {

/// [lane]
class HeldReplies {
  public:
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// Whether an answer with this `reply_to` must go behind others.
    [[nodiscard]] bool waits(const patchbay_origin& reply_to) const noexcept;

    /// `destination` is the number that ROOM will name; that of the others when some wait already.
    void hold(const patchbay_envelope& reply, std::uint32_t destination);

    /// Hands those that wait for `destination`, oldest first and in chunks, to
    /// `deliver(std::span<const patchbay_envelope>, Gone&)`, which marks in `Gone` those that wait
    /// no longer. A lane's turn ends when one of its chunk waits on.
    using Gone = std::array<bool, 64>;
    template <class Deliver>
    void room(std::uint32_t destination, Deliver deliver) {
        for (Queue& queue : queues_) {
            while (queue.destination == destination && !queue.replies.empty()) {
                if (!deliver_front(queue, deliver)) {
                    break;
                }
            }
        }
        forget_empty();
    }

    /// The answer to the request `parent`, which waits no longer.
    [[nodiscard]] std::optional<patchbay_envelope> take(std::uint64_t parent);
    /// All of them.
    [[nodiscard]] std::vector<patchbay_envelope> take_all();

  private:
    struct Queue {
        std::uint32_t instance = 0;
        std::uint32_t lane = 0;
        std::uint32_t destination = 0;
        std::deque<patchbay_envelope> replies;
    };

    /// False when one of them waits on.
    template <class Deliver>
    bool deliver_front(Queue& queue, Deliver& deliver) {
        std::array<patchbay_envelope, std::tuple_size_v<Gone>> front{};
        const std::size_t count = std::min(front.size(), queue.replies.size());
        std::copy_n(queue.replies.begin(), count, front.begin());
        Gone gone{};
        deliver(std::span<const patchbay_envelope>(front.data(), count), gone);
        return drop(queue, gone, count);
    }
    /// Takes out those of the first `count` that are gone; whether all were.
    bool drop(Queue& queue, const Gone& gone, std::size_t count) noexcept;
    void forget_empty();

    std::vector<Queue> queues_;
    std::size_t size_ = 0;
};

}  // namespace patchbay::detail
