// SPDX-License-Identifier: Apache-2.0
/// \file
/// When a saved file is built. Editors save several files, and one file in several steps, within
/// milliseconds; all of that is one build. What is saved during a build waits for its end, and is
/// one more build, however much it was.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace patchbay::app {

class BuildSchedule {
  public:
    using Clock = std::chrono::steady_clock;
    using TimePoint = Clock::time_point;

    /// So long nothing must be saved before a build begins.
    static constexpr std::chrono::milliseconds settle_time{50};
    /// But so long after the first save it begins anyway.
    static constexpr std::chrono::milliseconds longest_wait{500};

    void saved(TimePoint now) {
        first_ = first_.value_or(now);
        last_ = now;
    }
    /// When the next build is to begin; nothing while one runs, or nothing was saved.
    [[nodiscard]] std::optional<TimePoint> due() const {
        if (building_ || !first_) {
            return std::nullopt;
        }
        return std::min(last_ + settle_time, *first_ + longest_wait);
    }
    /// A build begins with all that was saved so far: when the first of it was; nothing for the
    /// first build, which nobody's save asked for.
    std::optional<TimePoint> begin() {
        building_ = true;
        return std::exchange(first_, std::nullopt);
    }
    void end() { building_ = false; }
    [[nodiscard]] bool is_building() const { return building_; }

  private:
    bool building_ = false;
    std::optional<TimePoint> first_;
    TimePoint last_{};
};

}  // namespace patchbay::app
