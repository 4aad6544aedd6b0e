// SPDX-License-Identifier: Apache-2.0
#include "multiplexer/wake_event.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

namespace patchbay::multiplexer {

WakeEvent::~WakeEvent() {
    if (const int descriptor = descriptor_.load(std::memory_order_relaxed); descriptor >= 0) {
        ::close(descriptor);
    }
}

std::intptr_t WakeEvent::descriptor() noexcept {
    int known = descriptor_.load(std::memory_order_acquire);
    if (known < 0) {
        const int fresh = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (fresh < 0) {
            return -1;
        }
        if (descriptor_.compare_exchange_strong(known, fresh, std::memory_order_acq_rel)) {
            return fresh;
        }
        ::close(fresh);  // somebody else was faster
    }
    return known;
}

void WakeEvent::raise() noexcept {
    const std::uint64_t one = 1;
    if (const auto known = static_cast<int>(descriptor()); known >= 0) {
        // It can only fail when the counter is at its end; then it is readable already.
        [[maybe_unused]] const ssize_t written = ::write(known, &one, sizeof one);
    }
}

void WakeEvent::lower() noexcept {
    std::uint64_t count = 0;
    if (const int known = descriptor_.load(std::memory_order_acquire); known >= 0) {
        [[maybe_unused]] const ssize_t got = ::read(known, &count, sizeof count);
    }
}

}  // namespace patchbay::multiplexer
