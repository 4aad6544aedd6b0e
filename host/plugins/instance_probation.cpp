// SPDX-License-Identifier: Apache-2.0
// The part of an instance that watches new code after a reload, and goes back to the old.
#include "plugins/instance.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::plugins {

std::uint64_t Instance::drain_retired(std::chrono::nanoseconds drain_limit,
                                      const std::function<bool()>& wanted) {
    std::shared_ptr<PluginObject> old;
    bool connected = false;
    {
        const std::lock_guard lock(mutex_);
        old = retired_;
        connected = retired_connected_;
    }
    if (old == nullptr) {
        return 0;
    }
    // One that has disconnected had its time before that.
    const std::uint64_t abandoned =
        wait_completed(*old, connected ? drain_limit : std::chrono::nanoseconds(0), wanted);
    if (wanted()) {
        return 0;  // as it is
    }
    if (connected) {
        {
            const std::lock_guard lock(mutex_);
            retired_connected_ = false;
        }
        let_go(*old);
    }
    old->leave_service();
    return abandoned;
}

Probation Instance::probation(std::uint64_t deadline, std::chrono::nanoseconds patience) {
    std::unique_lock lock(mutex_);
    const std::uint64_t now = services_.clock.monotonic();
    const auto is_over = [&] {
        const bool outdated =
            object_ != nullptr && object_->host().state.schema() && object_->completed() != 0;
        return !on_probation_ || interrupted_ || now >= deadline || outdated;
    };
    if (!trouble_ && !is_over()) {
        const std::chrono::nanoseconds left(deadline - now);
        changed_.wait_for(lock, std::min(left, patience),
                          [this] { return trouble_ || interrupted_; });
    }
    return {is_over(), trouble_};
}

Result<void> Instance::swap_back() {
    bool lost_meanwhile = false;
    bool beside = false;
    ConnectionState state{};
    std::shared_ptr<PluginObject> old;
    {
        const std::lock_guard lock(mutex_);
        if (retired_ == nullptr) {
            return {};
        }
        old = retired_;
        next_ = std::exchange(retired_, nullptr);
        next_dependencies_ = next_->host().dependencies;
        next_connected_ = std::exchange(retired_connected_, false);
        lost_meanwhile = std::exchange(retired_lost_, false) && next_connected_;
        next_lost_.reset();
        wants_probation_ = on_probation_ = false;
        moves_state_ = false;  // the old one still has its own
        trouble_.reset();
        swapping_ = true;
        state = machine_.state();
        beside = next_connected_ && !lost_meanwhile && state == ConnectionState::connected;
    }
    if (lost_meanwhile) {
        let_go(*old);
        const std::lock_guard lock(mutex_);
        next_connected_ = false;
    }
    Result<std::uint64_t> swapped;
    if (beside) {
        swapped = swap_beside();
    } else if (state == ConnectionState::connected) {
        swapped = swap_in_turn({});  // what the failed one still holds is not worth a wait
    } else {
        swapped = swap_idle();
    }
    if (!swapped) {
        return tl::unexpected(swapped.error());
    }
    const std::lock_guard lock(mutex_);
    reloads_ -= 2;  // there and back: none succeeded
    return {};
}

std::vector<std::string> Instance::retire() {
    std::shared_ptr<PluginObject> old;
    bool connected = false;
    {
        const std::lock_guard lock(mutex_);
        old = retired_;
        connected = std::exchange(retired_connected_, false);
        on_probation_ = false;
        if (trouble_) {  // it came when nobody looked any more
            lost(*std::exchange(trouble_, std::nullopt));
        }
    }
    if (old == nullptr) {
        return {};
    }
    if (connected) {
        let_go(*old);
    }
    std::vector<std::string> hung = old->end();
    keep_hung(old, hung);
    const std::lock_guard lock(mutex_);
    retired_.reset();
    return hung;
}

}  // namespace patchbay::plugins
