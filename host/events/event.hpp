// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the rooms of the host report: one value type and one sink. The rooms know neither the log
/// nor the control socket; host/app connects the sink to both.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace patchbay::events {

enum class Level : std::uint8_t { trace, debug, info, warning, error, critical };

/// One thing that happened. Secrets never enter an event.
struct Event {
    Level level = Level::info;
    /// Part of the host that speaks: "multiplexer", "plugins", "config", "network", "identity", or
    /// an instance's name. Log levels are set per subsystem.
    std::string subsystem;
    /// Stable dotted name of the kind of event ("connection.connected"). Tools select by it.
    std::string code;
    /// Complete sentence for people.
    std::string text;
    /// Instance the event is about; empty when none.
    std::string instance{};
};

/// Receives events. `publish` is called from any thread, must not block for long and must not call
/// back into the room that published.
class EventSink {
  public:
    EventSink() = default;
    EventSink(const EventSink&) = delete;
    EventSink& operator=(const EventSink&) = delete;
    virtual ~EventSink() = default;

    virtual void publish(Event event) = 0;
    /// Cheap test so that callers skip building the text of an event nobody reads.
    [[nodiscard]] virtual bool wants(Level level, const std::string& subsystem) const = 0;
};

}  // namespace patchbay::events
