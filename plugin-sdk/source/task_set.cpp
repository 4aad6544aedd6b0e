// SPDX-License-Identifier: Apache-2.0
#include "task_set.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <utility>
#include <vector>

namespace patchbay::detail {

TaskSet::TaskSet(boost::asio::io_context& context, Ended ended)
    : context_(context), ended_(std::move(ended)) {}

std::uint64_t TaskSet::start(TaskKind kind, std::uint64_t token, std::string name,
                             Awaitable<void> body) {
    if (idle_.empty()) {
        running_.emplace_back();
    } else {
        running_.splice(running_.end(), idle_, idle_.begin());
    }
    const auto task = std::prev(running_.end());
    task->kind = kind;
    task->id = next_id_++;
    task->token = token;
    task->name = std::move(name);
    ++counts_[static_cast<std::size_t>(kind)];
    boost::asio::co_spawn(context_.get_executor(), std::move(body),
                          boost::asio::bind_cancellation_slot(
                              task->cancel.slot(), [this, task](std::exception_ptr exception) {
                                  end(task, std::move(exception));
                              }));
    return task->id;
}

void TaskSet::end(Tasks::iterator task, std::exception_ptr exception) {
    --counts_[static_cast<std::size_t>(task->kind)];
    idle_.splice(idle_.end(), running_, task);
    ended_(task->kind, task->name, std::move(exception));
}

template <class Predicate>
bool TaskSet::cancel_where(Predicate predicate) {
    // A cancellation may end a task at once, which changes the list.
    std::vector<std::pair<Task*, std::uint64_t>> chosen;
    for (Task& task : running_) {
        if (predicate(task)) {
            chosen.emplace_back(&task, task.id);
        }
    }
    for (const auto& [task, id] : chosen) {
        if (task->id == id) {
            task->cancel.emit(boost::asio::cancellation_type::terminal);
        }
    }
    return !chosen.empty();
}

void TaskSet::cancel(TaskKind kind) {
    cancel_where([kind](const Task& task) { return task.kind == kind; });
}

void TaskSet::cancel_all() {
    cancel_where([](const Task&) { return true; });
}

bool TaskSet::cancel_token(TaskKind kind, std::uint64_t token) {
    return cancel_where([=](const Task& task) { return task.kind == kind && task.token == token; });
}

void TaskSet::cancel_id(std::uint64_t id) {
    cancel_where([id](const Task& task) { return task.id == id; });
}

}  // namespace patchbay::detail
