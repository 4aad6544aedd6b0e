// SPDX-License-Identifier: Apache-2.0
/// \file
/// Keeps secrets out of logs, events and printed configurations: keys that are named like secrets,
/// and values that were registered as secrets wherever they turn up in a text.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::events {

/// What is printed in a secret's place.
inline constexpr std::string_view redacted = "[redacted]";

/// True for keys such as `secret_key`, `password`, `authToken`, `private_key`, `api_key`.
[[nodiscard]] bool names_a_secret(std::string_view key);

/// Thread-safe.
class Redactor {
  public:
    /// Shorter values are not registered: they would redact ordinary words.
    static constexpr std::size_t shortest_value = 6;
    static constexpr std::size_t maximum_values = 256;

    /// From now on `value` is replaced in every text. Longer values are replaced first.
    void add(std::string value);
    void apply(std::string& text) const;

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> values_;
};

}  // namespace patchbay::events
