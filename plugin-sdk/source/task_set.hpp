// SPDX-License-Identifier: Apache-2.0
/// \file
/// The coroutines that run on one lane, by kind, so that they can be cancelled and waited for. A
/// coroutine that is not in here can outlive the lane; hence the SDK starts none elsewhere.
#pragma once

#include <patchbay/awaitable.hpp>
#include <patchbay/result.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <string>

namespace patchbay::detail {

enum class TaskKind : std::uint8_t { send, receive, operation, call, spawned };
inline constexpr std::size_t task_kinds = 5;

class TaskSet {
  public:
    /// `ended` is called after a coroutine ended, with the exception that left it (or null).
    using Ended = std::function<void(TaskKind, const std::string& name, std::exception_ptr)>;

    TaskSet(boost::asio::io_context& context, Ended ended);

    /// Starts `body`, in the order of the calls. Returns the task's id. `token` lets `cancel_token`
    /// find it.
    std::uint64_t start(TaskKind kind, std::uint64_t token, std::string name, Awaitable<void> body);

    /// The id that the next `start` will return.
    [[nodiscard]] std::uint64_t next_id() const noexcept { return next_id_; }

    void cancel(TaskKind kind);
    void cancel_all();
    /// False when there is no such task.
    bool cancel_token(TaskKind kind, std::uint64_t token);
    void cancel_id(std::uint64_t id);

    [[nodiscard]] std::size_t count(TaskKind kind) const noexcept {
        return counts_[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] std::size_t size() const noexcept { return running_.size(); }
    /// Calls `function(kind, token)` for each.
    template <class Function>
    void for_each(Function function) const {
        for (const Task& task : running_) {
            function(task.kind, task.token);
        }
    }

  private:
    struct Task {
        TaskKind kind{};
        std::uint64_t id = 0;
        std::uint64_t token = 0;
        std::string name;
        boost::asio::cancellation_signal cancel;
    };
    using Tasks = std::list<Task>;

    template <class Predicate>
    bool cancel_where(Predicate predicate);
    void end(Tasks::iterator task, std::exception_ptr exception);

    boost::asio::io_context& context_;
    Ended ended_;
    std::array<std::size_t, task_kinds> counts_{};
    std::uint64_t next_id_ = 1;
    Tasks running_;
    /// Ended ones, for reuse: their signals must outlive the completion handler that ended them.
    Tasks idle_;
};

}  // namespace patchbay::detail
