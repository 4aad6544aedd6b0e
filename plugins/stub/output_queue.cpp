// SPDX-License-Identifier: Apache-2.0
#include "output_queue.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace patchbay::stub {

namespace {

/// Between two attempts to get a lock that somebody else holds.
constexpr std::chrono::milliseconds lock_retry{5};

}  // namespace

OutputQueue::OutputQueue(Connection& connection, OutputFile file)
    : connection_(connection),
      file_(std::move(file)),
      timer_(connection.executor()),
      lines_written_(connection.counter("lines_written", "Envelopes written to the output file")) {}

void OutputQueue::push(std::uint64_t token, std::string line) {
    waiting_.push_back({token, std::move(line)});
}

void OutputQueue::flush() {
    if (waiting_.empty()) {
        return;
    }
    std::string lines;
    std::vector<std::uint64_t> tokens;
    for (const Waiting& waiting : waiting_) {
        lines += waiting.line;
        tokens.push_back(waiting.token);
    }
    const std::uint64_t repaired_before = file_.repaired_bytes();
    const auto written = file_.append(lines);
    if (file_.repaired_bytes() != repaired_before) {
        connection_.log().warning("cut off " + std::to_string(file_.repaired_bytes()) +
                                  " bytes of a line that was not written to its end");
    }
    if (!written) {
        fail_all(written.error());
        return;
    }
    if (!*written) {
        try_again_soon();
        return;
    }
    waiting_.clear();
    lines_written_.add(static_cast<std::int64_t>(tokens.size()));
    connection_.lane().complete(tokens);
}

void OutputQueue::cancel(std::uint64_t token) {
    const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                    [=](const Waiting& one) { return one.token == token; });
    if (found == waiting_.end()) {
        return;
    }
    waiting_.erase(found);
    connection_.lane().complete(token, failure(ErrorClass::failed, "stub.output_locked",
                                               "the output file was locked by another process for "
                                               "the whole time that was left for writing"));
}

void OutputQueue::close() {
    flush();
    timer_.cancel();
    fail_all(Error{ErrorClass::disconnected, "stub.output_locked",
                   "the output file was locked by another process until the connection ended"});
}

void OutputQueue::fail_all(const Error& error) {
    for (const Waiting& waiting : std::exchange(waiting_, {})) {
        connection_.lane().complete(waiting.token, tl::unexpected<Error>(error));
    }
}

void OutputQueue::try_again_soon() {
    if (timer_armed_) {
        return;
    }
    timer_armed_ = true;
    timer_.expires_after(lock_retry);
    timer_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
        if (const auto queue = self.lock()) {
            queue->timer_armed_ = false;
            if (!error) {
                queue->flush();
            }
        }
    });
}

}  // namespace patchbay::stub
