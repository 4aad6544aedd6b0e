// SPDX-License-Identifier: Apache-2.0
#include "plugins/held_calls.hpp"

#include <utility>

namespace patchbay::plugins {

bool HeldCalls::post(std::uint32_t, multiplexer::Signal signal) {
    const std::lock_guard lock(mutex_);
    if (released_ || waiting_.size() == capacity) {
        return false;
    }
    waiting_.push_back(std::move(signal));
    return true;
}

void HeldCalls::release(CallRouter& router, const std::shared_ptr<CallParty>& target) {
    std::vector<multiplexer::Signal> waiting;
    {
        const std::lock_guard lock(mutex_);
        released_ = true;
        waiting.swap(waiting_);
    }
    for (multiplexer::Signal& call : waiting) {
        if (target != nullptr && router.redirect(call.token, *this, *target)) {
            (void)target->post(0, std::move(call));  // its time limit answers for a lost one
        }
    }
    router.party_gone(*this);
}

}  // namespace patchbay::plugins
