// SPDX-License-Identifier: Apache-2.0
/// \file
/// Carries lines from the input file into the host and receipts back to the file. A line counts as
/// consumed when its receipt came, which covers everything that was sent on its behalf; a line that
/// is no envelope when it is among the dead letters. [lane 0]
#pragma once

#include "input_file.hpp"

#include <patchbay/connection.hpp>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

namespace patchbay::stub {

class InputPump : public std::enable_shared_from_this<InputPump> {
  public:
    InputPump(Connection& connection, InputFile file);
    InputPump(const InputPump&) = delete;
    InputPump& operator=(const InputPump&) = delete;
    ~InputPump();

    /// Until `stop`, or until the file fails; then the connection is reported lost.
    [[nodiscard]] Awaitable<void> run();
    /// The line with this ticket needs not be read again.
    void consumed(std::uint64_t ticket);
    /// The host keeps the line as a dead letter. It counts as consumed a moment later, because the
    /// host writes dead letters on a thread of their own: a host that is killed in between reads
    /// the line again. And a file full of lines that nobody wants does not flood the dead letters.
    void dead_lettered(std::uint64_t ticket);
    /// A destination that was full has room.
    void room();
    /// Hands out no more lines.
    void stop();
    /// After `stop`: waits for what is out, at most until `deadline`, and saves the position.
    [[nodiscard]] Awaitable<Result<void>> finish(std::chrono::steady_clock::time_point deadline);

    /// Lines that were delivered and whose receipt has not come.
    [[nodiscard]] std::size_t unsettled() const noexcept {
        return file_.outstanding() - (line_ ? 1 : 0);
    }
    [[nodiscard]] const InputFile& file() const noexcept { return file_; }

  private:
    using Pause = std::optional<std::chrono::milliseconds>;

    [[nodiscard]] Awaitable<Result<Pause>> drain();
    [[nodiscard]] Result<bool> hand_over(const InputLine& line);
    void report_malformed(const InputLine& line, const Error& error);
    void consume_dead_letters(std::chrono::steady_clock::time_point until);
    [[nodiscard]] Awaitable<bool> wait_until(std::chrono::steady_clock::time_point deadline);
    void notify();
    void arm_watch();

    Connection& connection_;
    InputFile file_;
    boost::asio::posix::basic_stream_descriptor<Executor> watch_;
    Timer timer_;
    std::optional<InputLine> line_;  ///< waits for room
    struct DeadLetter {
        std::chrono::steady_clock::time_point written;  ///< by then it is
        std::uint64_t ticket = 0;
    };
    std::deque<DeadLetter> dead_letters_;
    Metric lines_read_;
    Metric lines_malformed_;
    bool watch_armed_ = false;
    bool changed_ = false;  ///< something happened since `run` looked last
    bool stopped_ = false;
};

}  // namespace patchbay::stub
