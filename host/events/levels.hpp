// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which events are wanted: a level for everything and one per subsystem, both settable while the
/// host runs. The test is on the path of every event that nobody reads, so that its common answer
/// ("too low for anybody") costs one relaxed load.
#pragma once

#include "events/event.hpp"

#include <patchbay/result.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace patchbay::events {

/// The lowest level that is wanted; `off` wants nothing. The numbers are those of `Level`.
enum class Threshold : std::uint8_t { trace, debug, info, warning, error, critical, off };

/// "trace" ... "critical".
[[nodiscard]] std::string_view to_string(Level level);
[[nodiscard]] std::string_view to_string(Threshold threshold);
/// The inverse; also knows the usual short form "warn".
[[nodiscard]] Result<Threshold> parse_threshold(std::string_view text);

/// Thread-safe.
class Levels {
  public:
    /// Subsystems that can have a level of their own.
    static constexpr std::size_t maximum_names = 1024;

    explicit Levels(Threshold base = Threshold::info);

    [[nodiscard]] bool wants(Level level, std::string_view subsystem) const;
    [[nodiscard]] Threshold base() const;
    [[nodiscard]] Threshold of(std::string_view subsystem) const;
    /// Those that have a level of their own.
    [[nodiscard]] std::map<std::string, Threshold, std::less<>> names() const;

    void set_base(Threshold threshold);
    /// False when `maximum_names` subsystems have one already.
    bool set(const std::string& subsystem, Threshold threshold);
    /// Back to the level for everything.
    void reset(std::string_view subsystem);

  private:
    void update_lowest();  // with mutex_ held

    mutable std::shared_mutex mutex_;
    Threshold base_;
    std::map<std::string, Threshold, std::less<>> names_;
    /// Lowest of all thresholds: below it no look-up is needed.
    std::atomic<std::uint8_t> lowest_;
};

}  // namespace patchbay::events
