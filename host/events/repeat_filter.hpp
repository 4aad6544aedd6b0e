// SPDX-License-Identifier: Apache-2.0
/// \file
/// Keeps a storm of equal events from drowning everything else: within an interval the first few
/// pass, the others are counted, and at its end one event says how often it was repeated. Two
/// events are equal when level, subsystem, code, instance and text are; events that differ in their
/// text only share a second, larger allowance.
#pragma once

#include "events/event.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace patchbay::events {

struct RepeatLimits {
    std::chrono::milliseconds interval{5'000};
    /// Equal events that pass within the interval.
    std::uint32_t same_text = 3;
    /// Events that pass within the interval whatever their text.
    std::uint32_t same_code = 100;
    /// Kinds of events that are watched at a time; further ones pass.
    std::size_t maximum_kinds = 512;
};

/// Not thread-safe: its owner holds a lock. Time comes from the caller.
class RepeatFilter {
  public:
    using Time = std::chrono::steady_clock::time_point;

    explicit RepeatFilter(RepeatLimits limits = {}) : limits_(limits) {}

    /// True when the event is to be shown, false when it was counted instead.
    [[nodiscard]] bool pass(const Event& event, Time now);
    /// Summaries of the intervals that ended: "TEXT (repeated N times within 5 s)".
    [[nodiscard]] std::vector<Event> expire(Time now);
    /// Summaries of all intervals, ended or not.
    [[nodiscard]] std::vector<Event> flush();
    /// When `expire` will next have a summary; nothing when no event is held back.
    [[nodiscard]] std::optional<Time> next_due() const;

  private:
    struct Kind {
        Event first;
        Time end;
        std::uint64_t seen = 0;
        std::uint64_t held_back = 0;
    };
    using Kinds = std::unordered_map<std::string, Kind>;

    [[nodiscard]] bool count(std::string key, const Event& event, std::uint32_t allowance,
                             Time now);
    void summarise(const Kind& kind, std::vector<Event>& summaries) const;

    RepeatLimits limits_;
    Kinds kinds_;
    /// Keys of `kinds_` by the end of their interval: all intervals are equally long.
    std::deque<std::string> order_;
};

}  // namespace patchbay::events
