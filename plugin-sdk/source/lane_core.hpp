// SPDX-License-Identifier: Apache-2.0
/// \file
/// What is behind `Lane`: the loop that pulls envelopes and signals from the host and runs the
/// lane's io_context between, the coroutines of the lane, and what waits for an answer.
#pragma once

#include "descriptor_wait.hpp"
#include "event.hpp"
#include "held_deliveries.hpp"
#include "pending_answers.hpp"
#include "task_set.hpp"

#include <patchbay/async_connection.hpp>
#include <patchbay/lane.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace patchbay::detail {

class Instance;

/// An io_context whose pending coroutines can be destroyed before it is: the frames while the
/// connection lives, the sockets in the connection after that. Not while other threads may post.
class LaneContext : public boost::asio::io_context {
  public:
    LaneContext() : io_context(1) {}
    void shut_down() { shutdown(); }
};

class LaneCore {
  public:
    LaneCore(Instance& instance, std::uint32_t index);
    LaneCore(const LaneCore&) = delete;
    LaneCore& operator=(const LaneCore&) = delete;

    /// Runs the loop until STOP. [lane]
    void run(patchbay_lane* lane, std::uint32_t max_in_flight);

    [[nodiscard]] Lane& lane() noexcept { return lane_; }
    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
    [[nodiscard]] patchbay_lane* abi() const noexcept { return abi_lane_.load(); }
    [[nodiscard]] LaneContext& context() noexcept { return context_; }
    [[nodiscard]] Executor executor() noexcept { return context_.get_executor(); }
    [[nodiscard]] TaskSet& tasks() noexcept { return tasks_; }
    [[nodiscard]] HeldDeliveries& held() noexcept { return held_; }
    /// The lane has ended, and told the host so of everything that was in progress.
    [[nodiscard]] bool has_ended() const noexcept { return ended_; }
    /// Notified when a held delivery was settled, and when a task ended.
    [[nodiscard]] Event& changed() noexcept { return changed_; }

    void start_send(const TakenEnvelope& envelope);
    /// Delivers, or keeps a copy; see Lane::post.
    enum class Posted : std::uint8_t { done, refused, held_full };
    Posted post(const Delivery& delivery);
    /// Deliveries kept by `post` that wait for room.
    [[nodiscard]] std::uint32_t posted_waiting() const noexcept { return posted_waiting_; }
    [[nodiscard]] std::uint32_t held_limit() const noexcept { return held_limit_; }
    /// Gives up what waits for room; what nobody waits for becomes a dead letter.
    void give_up_held();

    [[nodiscard]] Awaitable<Result<void>> deliver(Delivery delivery);
    [[nodiscard]] Awaitable<Result<Receipt>> deliver_for_receipt(Delivery delivery);
    [[nodiscard]] Result<void> deliver_blocking(const Delivery& delivery);

    /// [any-thread]
    void complete(const std::uint64_t* tokens, std::uint32_t count, patchbay_status status,
                  const patchbay_error* error);
    [[nodiscard]] std::uint32_t in_flight() const noexcept { return in_flight_.load(); }
    /// Ends the lane's wait from another thread.
    void nudge();

    [[nodiscard]] Awaitable<Result<std::string>> call(std::string_view dependency,
                                                      std::string_view method,
                                                      std::string_view arguments);
    [[nodiscard]] Result<std::string> call_blocking(std::string_view dependency,
                                                    std::string_view method,
                                                    std::string_view arguments);

    /// [any-thread]
    patchbay_status try_deliver(const patchbay_envelope* envelopes, std::size_t count,
                                patchbay_delivery* results);
    void end_sleep() noexcept;
    Result<void> set_timer(std::uint64_t token, std::chrono::nanoseconds delay);
    void cancel_timer(std::uint64_t token);
    /// [any-thread]
    void wake();

    /// Calls code of the connection; an exception that leaves it is reported. True when none did.
    template <class Function>
    bool guarded(std::string_view what, Function function) {
        try {
            function();
            return true;
        } catch (...) {
            report(describe_current_exception(what));
            return false;
        }
    }
    void report(const Error& error) const;

  private:
    /// A thread of the connection that waits until its envelope was accepted or refused.
    struct BlockedDelivery;

    bool take_signals();
    bool take_envelopes();
    void run_ready();
    void sleep();
    void handle(const patchbay_signal& signal);
    void handle_agent(const patchbay_signal& signal);
    void handle_receipt(const patchbay_signal& signal);
    void handle_call(const patchbay_signal& signal);
    void handle_call_result(const patchbay_signal& signal);
    void deliver_blocked();
    void finish();
    void abandon_tasks();
    [[nodiscard]] std::uint32_t takeable() const noexcept;
    Result<std::uint64_t> start_call(std::string_view dependency, std::string_view method,
                                     std::string_view arguments, std::uint64_t cookie);
    Awaitable<void> run_send(TakenEnvelope envelope);
    void complete_call(std::uint64_t token, const Result<std::string>& result);
    Awaitable<void> answer_call(std::uint64_t token, std::string method, std::string arguments);

    Instance& instance_;
    const patchbay_host* host_;
    const std::uint32_t index_;
    std::atomic<patchbay_lane*> abi_lane_{nullptr};
    LaneContext context_;
    Lane lane_;
    TaskSet tasks_;
    HeldDeliveries held_;
    Event changed_;
    boost::asio::executor_work_guard<Executor> work_;
    std::thread::id thread_;

    std::uint32_t max_in_flight_ = 1;
    std::uint32_t held_limit_ = 0;
    std::uint32_t posted_waiting_ = 0;
    std::atomic<std::uint32_t> in_flight_{0};
    bool stopping_ = false;
    /// Waits, or runs what ended the wait, and the host was not told yet.
    bool asleep_ = false;
    bool ended_ = false;
    DescriptorWait* descriptor_ = nullptr;
    std::vector<TakenEnvelope> batch_;
    std::vector<patchbay_signal> signals_;

    PendingAnswers<Receipt> receipts_;
    PendingAnswers<Result<std::string>> calls_;
    std::mutex blocked_mutex_;
    std::vector<BlockedDelivery*> blocked_;
    bool blocked_closed_ = true;
};

}  // namespace patchbay::detail
