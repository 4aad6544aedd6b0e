// SPDX-License-Identifier: Apache-2.0
/// \file
/// Keeps every event for a test to look at.
#pragma once

#include "events/event.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::plugins::test {

class EventRecorder final : public events::EventSink {
  public:
    void publish(events::Event event) override {
        const std::lock_guard lock(mutex_);
        events_.push_back(std::move(event));
        changed_.notify_all();
    }
    [[nodiscard]] bool wants(events::Level level, const std::string&) const override {
        return level >= events::Level::debug;
    }

    [[nodiscard]] std::size_t count(const std::string& code) const {
        const std::lock_guard lock(mutex_);
        return count_locked(code);
    }
    /// Text of the last event of that kind.
    [[nodiscard]] std::string text(const std::string& code) const {
        const std::lock_guard lock(mutex_);
        const auto found = std::find_if(events_.rbegin(), events_.rend(),
                                        [&](const auto& event) { return event.code == code; });
        return found == events_.rend() ? std::string() : found->text;
    }
    /// Waits for so many events of that kind.
    [[nodiscard]] bool wait(const std::string& code, std::size_t number = 1) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(20),
                                 [&] { return count_locked(code) >= number; });
    }

  private:
    [[nodiscard]] std::size_t count_locked(const std::string& code) const {
        return static_cast<std::size_t>(std::count_if(
            events_.begin(), events_.end(), [&](const auto& event) { return event.code == code; }));
    }

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::vector<events::Event> events_;
};

}  // namespace patchbay::plugins::test
