// SPDX-License-Identifier: Apache-2.0
/// \file
/// The envelopes on their way into the output file. Completed when they are written. Its bound is
/// the instance's `max_in_flight`. [lane 0]
#pragma once

#include "output_file.hpp"

#include <patchbay/connection.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

namespace patchbay::stub {

class OutputQueue : public std::enable_shared_from_this<OutputQueue> {
  public:
    OutputQueue(Connection& connection, OutputFile file);

    /// `line` is written, after those before it, by this or a later `flush`.
    void push(std::uint64_t token, std::string line);
    /// Writes what is there. While somebody else holds the lock it tries again by itself.
    void flush();
    /// Gives up an envelope that has not been written.
    void cancel(std::uint64_t token);
    /// Gives up all that have not been written.
    void close();

  private:
    struct Waiting {
        std::uint64_t token = 0;
        std::string line;
    };

    void fail_all(const Error& error);
    void try_again_soon();

    Connection& connection_;
    OutputFile file_;
    std::deque<Waiting> waiting_;
    Timer timer_;
    Metric lines_written_;
    bool timer_armed_ = false;
};

}  // namespace patchbay::stub
