// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where all events of the host arrive: levels decide whether one is wanted, secrets are taken out,
/// repetitions are held back, and what is left goes into the ring and to the output (the log).
#pragma once

#include "events/event.hpp"
#include "events/event_ring.hpp"
#include "events/levels.hpp"
#include "events/redactor.hpp"
#include "events/repeat_filter.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>

namespace patchbay::events {

/// Thread-safe.
class EventHub final : public EventSink {
  public:
    /// Called for every event that passed, one at a time, in order.
    using Output = std::function<void(const Record&)>;
    /// Longer texts are cut: a plugin may log whatever it likes.
    static constexpr std::size_t longest_text = 4096;

    explicit EventHub(Levels& levels, RepeatLimits repeat = {}, std::size_t ring_capacity = 1024);

    void publish(Event event) override;
    [[nodiscard]] bool wants(Level level, const std::string& subsystem) const override;

    /// May be empty.
    void set_output(Output output);
    /// Called, on a publishing thread, when the first event is held back, so that somebody calls
    /// `tick` at `next_due`. Must not call the hub.
    void set_alarm(std::function<void()> alarm);

    /// Publishes the summaries that are due.
    void tick(std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now());
    /// Publishes all summaries, for the end.
    void flush();
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_due() const;

    [[nodiscard]] EventRing& ring() { return ring_; }
    [[nodiscard]] Redactor& redactor() { return redactor_; }
    [[nodiscard]] Levels& levels() { return levels_; }

  private:
    void emit(Event event);  // with mutex_ held

    Levels& levels_;
    Redactor redactor_;
    EventRing ring_;
    /// Held while an event passes, so that log and ring have the same order.
    mutable std::mutex mutex_;
    RepeatFilter filter_;
    Output output_;
    std::function<void()> alarm_;
};

}  // namespace patchbay::events
