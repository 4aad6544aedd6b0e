// SPDX-License-Identifier: Apache-2.0
/// \file
/// Times for people and tools.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace patchbay::app {

/// "2026-11-22T05:17:42.123Z".
[[nodiscard]] std::string utc_text(std::chrono::system_clock::time_point time);
/// From nanoseconds since 1970, UTC.
[[nodiscard]] std::string utc_text(std::uint64_t nanoseconds);

}  // namespace patchbay::app
