// SPDX-License-Identifier: Apache-2.0
/// \file
/// The host's log: one line per event on standard error, as text or JSON. Written by a thread of
/// its own behind a bounded queue, so that a terminal or journal that does not keep up delays
/// nobody; what it could not take is counted.
#pragma once

#include "config/host_configuration.hpp"
#include "events/event_ring.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace patchbay::app {

/// One line, without the newline.
[[nodiscard]] std::string text_line(const events::Record& record);
[[nodiscard]] std::string json_line(const events::Record& record);

class Log {
  public:
    explicit Log(config::LogFormat format);
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    /// Writes what is queued.
    ~Log();

    /// Any thread.
    void write(const events::Record& record);
    /// Lines that were dropped because the queue was full.
    [[nodiscard]] std::size_t dropped() const;

  private:
    struct Core;
    config::LogFormat format_;
    std::unique_ptr<Core> core_;
};

}  // namespace patchbay::app
