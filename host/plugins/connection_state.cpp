// SPDX-License-Identifier: Apache-2.0
#include "plugins/connection_state.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::plugins {

std::string_view to_string(ConnectionState state) {
    switch (state) {
        case ConnectionState::disconnected:
            return "disconnected";
        case ConnectionState::connecting:
            return "connecting";
        case ConnectionState::connected:
            return "connected";
        case ConnectionState::disconnecting:
            return "disconnecting";
    }
    return "unknown";
}

bool may_follow(ConnectionState from, ConnectionState to) {
    switch (from) {
        case ConnectionState::disconnected:
            return to == ConnectionState::connecting;
        case ConnectionState::connecting:
            return to == ConnectionState::connected || to == ConnectionState::disconnecting ||
                   to == ConnectionState::disconnected;
        case ConnectionState::connected:
            return to == ConnectionState::disconnecting;
        case ConnectionState::disconnecting:
            return to == ConnectionState::disconnected;
    }
    return false;
}

StateMachine::StateMachine(Observer observer) : observer_(std::move(observer)) {}

ConnectionState StateMachine::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

bool StateMachine::transit(ConnectionState from, ConnectionState to) {
    const std::lock_guard lock(mutex_);
    if (state_ != from || !may_follow(from, to)) {
        return false;
    }
    state_ = to;
    changed_.notify_all();
    if (observer_) {
        observer_(StateChange{from, to});
    }
    return true;
}

bool StateMachine::wait(std::initializer_list<ConnectionState> states,
                        std::chrono::nanoseconds limit) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] {
        return std::find(states.begin(), states.end(), state_) != states.end();
    });
}

}  // namespace patchbay::plugins
