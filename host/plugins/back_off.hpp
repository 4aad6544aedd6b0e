// SPDX-License-Identifier: Apache-2.0
/// \file
/// How long to wait before the next attempt to reconnect: exponential, bounded, with jitter so that
/// many connections to one server do not come back in step.
#pragma once

#include "config/host_configuration.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace patchbay::plugins {

/// Delay before attempt number `attempt` (from 1). `random` is evenly spread over [0, 1): with
/// jitter j the delay lies in [d * (1 - j), d], where d doubles from `initial_delay` to
/// `max_delay`.
[[nodiscard]] inline std::chrono::nanoseconds reconnect_delay(const config::Reconnect& reconnect,
                                                              std::uint32_t attempt,
                                                              double random) {
    const auto initial = static_cast<double>(reconnect.initial_delay.count());
    const auto longest =
        static_cast<double>(std::max(reconnect.initial_delay, reconnect.max_delay).count());
    double delay = initial;
    for (std::uint32_t i = 1; i < attempt && delay < longest; ++i) {
        delay *= 2;
    }
    delay = std::min(delay, longest) * (1.0 - std::clamp(reconnect.jitter, 0.0, 1.0) * random);
    return std::chrono::nanoseconds(static_cast<std::int64_t>(delay * 1e6));
}

/// May attempt number `attempt` (from 1) be made?
[[nodiscard]] inline bool may_reconnect(const config::Reconnect& reconnect, std::uint32_t attempt) {
    return !reconnect.attempts.has_value() || attempt <= *reconnect.attempts;
}

}  // namespace patchbay::plugins
