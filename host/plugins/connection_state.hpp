// SPDX-License-Identifier: Apache-2.0
/// \file
/// The four states of a connection and who may follow whom. The host is the only one that changes
/// them; a plugin asks through operation_complete and connection_lost.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <string_view>

namespace patchbay::plugins {

/// Upstream's names.
enum class ConnectionState : std::uint8_t { disconnected, connecting, connected, disconnecting };

[[nodiscard]] std::string_view to_string(ConnectionState state);

/// disconnected -> connecting -> connected -> disconnecting -> disconnected, and two short cuts: a
/// failed connect (connecting -> disconnected) and one that was given up (-> disconnecting).
[[nodiscard]] bool may_follow(ConnectionState from, ConnectionState to);

struct StateChange {
    ConnectionState from = ConnectionState::disconnected;
    ConnectionState to = ConnectionState::disconnected;
};

/// The state of one instance. Thread-safe.
class StateMachine {
  public:
    /// Called for each change, in order, on the thread that caused it (which may belong to a
    /// plugin). Must return promptly and must not call back into this object.
    using Observer = std::function<void(const StateChange&)>;
    explicit StateMachine(Observer observer = {});
    StateMachine(const StateMachine&) = delete;
    StateMachine& operator=(const StateMachine&) = delete;
    ~StateMachine() = default;

    [[nodiscard]] ConnectionState state() const;
    /// False, and nothing happens, when the state is not `from` or `to` may not follow it.
    bool transit(ConnectionState from, ConnectionState to);

    /// Waits for one of `states`; false when the limit passed first.
    bool wait(std::initializer_list<ConnectionState> states, std::chrono::nanoseconds limit) const;

  private:
    Observer observer_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    ConnectionState state_ = ConnectionState::disconnected;
};

}  // namespace patchbay::plugins
