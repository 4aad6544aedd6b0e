// SPDX-License-Identifier: Apache-2.0
/// \file
/// The lane's side of sends and deliveries.
#include "instance.hpp"
#include "lane_core.hpp"

#include <boost/asio/post.hpp>

#include <condition_variable>
#include <optional>
#include <string>
#include <utility>

namespace patchbay::detail {

namespace {

/// Coroutines of one lane that may wait for room at once.
constexpr std::size_t waiting_bound = 4096;

/// Calls `function` when the scope ends: also when the coroutine's frame is destroyed.
template <class Function>
class AtExit {
  public:
    explicit AtExit(Function function) : function_(std::move(function)) {}
    AtExit(const AtExit&) = delete;
    AtExit& operator=(const AtExit&) = delete;
    ~AtExit() { function_(); }

  private:
    Function function_;
};

}  // namespace

// ---- Sends --------------------------------------------------------------------------------------

void LaneCore::start_send(const TakenEnvelope& envelope) {
    tasks_.start(TaskKind::send, envelope.token(), {}, run_send(envelope));
}

Awaitable<void> LaneCore::run_send(TakenEnvelope envelope) {
    // Completed in every case, also when the frame is destroyed before it ran to its end.
    Result<void> result = failure(ErrorClass::disconnected, "send.stopped",
                                  "The lane ended before the envelope was handled.");
    const AtExit complete_it([&] {
        if (!ended_) {
            lane_.complete(envelope.token(), result);
        }
    });
    try {
        result = co_await instance_.connection().send(envelope);
    } catch (...) {
        result = tl::unexpected<Error>(describe_current_exception("send"));
    }
}

// ---- Deliveries ---------------------------------------------------------------------------------

LaneCore::Posted LaneCore::post(const Delivery& delivery) {
    if (posted_waiting_ >= held_limit_) {
        return Posted::held_full;
    }
    const patchbay_envelope envelope = delivery.to_abi();
    const Answer answer = held_.offer(envelope);
    const auto refuse = [this](const Answer& refused) {
        const Result<void> result = refused.result();
        if (!result) {
            report(result.error());
        }
        return result.has_value();
    };
    // Before the host says that the instance is connected, and after, nothing is lost either.
    if (answer.is_full() || answer.status == PATCHBAY_DISCONNECTED) {
        ++posted_waiting_;
        held_.hold_copy(envelope, answer.delivery.destination, [this, refuse](const Answer& later) {
            --posted_waiting_;
            refuse(later);
            changed_.notify();
        });
        return Posted::done;
    }
    return refuse(answer) ? Posted::done : Posted::refused;
}

void LaneCore::give_up_held() {
    for (const HeldDeliveries::Held& held : held_.take_kept()) {
        const auto raw = encode(held.kept.view());
        const auto kept = instance_.host().malformed(
            raw ? *raw : held.kept.message, "delivery.disconnected",
            "An envelope waited for room at its destination until the connection ended.");
        if (!kept) {
            report(kept.error());
        }
    }
    posted_waiting_ = 0;
    held_.settle_all(PATCHBAY_DISCONNECTED);
    changed_.notify();
}

Awaitable<Result<void>> LaneCore::deliver(Delivery delivery) {
    const patchbay_envelope envelope = delivery.to_abi();
    Answer answer = held_.offer(envelope);
    if (answer.is_full()) {
        if (held_.size() >= waiting_bound) {
            co_return failure(ErrorClass::overloaded, "delivery.too_many_waiting",
                              "Too many deliveries of this lane wait for room already.");
        }
        Event settled(executor());
        std::optional<Answer> later;
        const auto held =
            held_.hold(envelope, answer.delivery.destination, [&](const Answer& what) {
                later = what;
                settled.notify();
            });
        const AtExit forget([&] {
            if (!later) {
                held_.forget(held);
            }
            changed_.notify();
        });
        while (!later) {
            co_await settled.wait();
        }
        answer = *later;
    }
    co_return answer.result();
}

Awaitable<Result<Receipt>> LaneCore::deliver_for_receipt(Delivery delivery) {
    Event arrived(executor());
    std::optional<Receipt> receipt;
    const std::uint64_t number = receipts_.add([&](Receipt what) {
        receipt = std::move(what);
        arrived.notify();
    });
    if (number == 0) {
        co_return failure(ErrorClass::overloaded, "delivery.too_many_waiting",
                          "Too many deliveries of this lane wait for their receipt already.");
    }
    const AtExit forget([&] { receipts_.forget(number); });
    delivery.receipt = number;
    auto accepted = co_await deliver(delivery);
    if (!accepted) {
        co_return tl::unexpected<Error>(std::move(accepted.error()));
    }
    while (!receipt) {
        co_await arrived.wait();
    }
    co_return std::move(*receipt);
}

// ---- From other threads -------------------------------------------------------------------------

struct LaneCore::BlockedDelivery {
    patchbay_envelope envelope{};
    std::mutex mutex;
    std::condition_variable settled;
    std::optional<Answer> answer;

    void settle(const Answer& what) {
        const std::lock_guard lock(mutex);  // notified under the lock: the waiter frees this
        answer = what;
        settled.notify_one();
    }
};

Result<void> LaneCore::deliver_blocking(const Delivery& delivery) {
    BlockedDelivery blocked;
    blocked.envelope = delivery.to_abi();
    Answer answer;
    if (abi() == nullptr) {
        answer.status = PATCHBAY_DISCONNECTED;
        return answer.result();
    }
    answer.status = deliver_batch(host_, abi(), &blocked.envelope, 1, &answer.delivery);
    if (!answer.is_full()) {
        return answer.result();
    }
    {
        const std::lock_guard lock(blocked_mutex_);
        if (blocked_closed_) {
            return answer.result();
        }
        blocked_.push_back(&blocked);
    }
    boost::asio::post(context_, [this] { deliver_blocked(); });
    std::unique_lock lock(blocked.mutex);
    blocked.settled.wait(lock, [&] { return blocked.answer.has_value(); });
    return blocked.answer->result();
}

void LaneCore::deliver_blocked() {
    std::vector<BlockedDelivery*> waiting;
    bool closed = false;
    {
        const std::lock_guard lock(blocked_mutex_);
        waiting.swap(blocked_);
        closed = blocked_closed_;
    }
    for (BlockedDelivery* blocked : waiting) {
        // Offered again on the lane, so that the signal of room cannot have been missed.
        const Answer answer =
            closed ? Answer{PATCHBAY_DISCONNECTED, {}} : held_.offer(blocked->envelope);
        if (answer.is_full()) {
            held_.hold(blocked->envelope, answer.delivery.destination,
                       [blocked](const Answer& what) { blocked->settle(what); });
        } else {
            blocked->settle(answer);
        }
    }
}

}  // namespace patchbay::detail
