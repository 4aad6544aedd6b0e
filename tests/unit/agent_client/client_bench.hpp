// SPDX-License-Identifier: Apache-2.0
/// \file
/// What tests of the client share: certificates as servers issue them, and records of what a client
/// told.
#pragma once

#include "server_double.hpp"

#include <patchbay/agent/client.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

namespace patchbay::agent::test {

inline double now_seconds() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// A certificate that no server would believe, which no client can tell.
inline Json certificate_json(const std::string& agent_id, double issued_at, double expires_at) {
    return {{"agent_id", agent_id},
            {"issued_at", issued_at},
            {"expires_at", expires_at},
            {"certificate_hash", std::string(64, 'a')},
            {"signature", std::string(64, 'b')}};
}
inline Json certificate_json(const std::string& agent_id) {
    return certificate_json(agent_id, now_seconds(), now_seconds() + 3600);
}

/// Collects values from other threads; `wait` is bounded by what a broken test may take.
template <class T>
class Record {
  public:
    void add(T value) {
        const std::lock_guard lock(mutex_);
        values_.push_back(std::move(value));
        changed_.notify_all();
    }
    /// The first values, `count` of them; fewer only after a long while.
    std::vector<T> wait(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(20), [&] { return values_.size() >= count; });
        return values_;
    }
    std::vector<T> all() {
        const std::lock_guard lock(mutex_);
        return values_;
    }
    /// True as soon as a value is there; false only after a long while.
    bool wait_for(const T& value) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(20), [&] {
            return std::find(values_.begin(), values_.end(), value) != values_.end();
        });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<T> values_;
};

/// Options that make losses short.
inline ClientOptions quick_options() {
    ClientOptions options;
    options.reconnect.first = std::chrono::milliseconds(5);
    options.reconnect.longest = std::chrono::milliseconds(50);
    return options;
}

}  // namespace patchbay::agent::test
