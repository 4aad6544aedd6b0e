// SPDX-License-Identifier: Apache-2.0
/// \file
/// Durations as the clock counts them and as people read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace patchbay::plugins {

/// A negative one is over.
[[nodiscard]] inline std::uint64_t nanoseconds(std::chrono::nanoseconds duration) {
    return duration.count() < 0 ? 0 : static_cast<std::uint64_t>(duration.count());
}

/// "5 s", "250 ms".
[[nodiscard]] inline std::string seconds_text(std::chrono::milliseconds duration) {
    const auto count = duration.count();
    return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

}  // namespace patchbay::plugins
