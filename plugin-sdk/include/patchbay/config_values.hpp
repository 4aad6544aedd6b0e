// SPDX-License-Identifier: Apache-2.0
/// \file
/// Values of an instance's `config` that have bounds, read in its constructor. What lies outside
/// throws `ConfigError` with a text that names the key, the value and what was expected.
#pragma once

#include <patchbay/config_access.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace patchbay {

/// Throws ConfigError: "'KEY' is VALUE; expected EXPECTED." Code `config.bad_value`.
[[noreturn]] void refuse_value(const std::string& key, const std::string& value,
                               const std::string& expected);

/// A time in seconds, which may have a fraction; 0 to 1,000,000.
[[nodiscard]] std::chrono::nanoseconds seconds_value(const Config& config, const std::string& key,
                                                     double default_value);

/// A number from `minimum` to `maximum`.
[[nodiscard]] std::size_t size_value(const Config& config, const std::string& key,
                                     std::size_t default_value, std::size_t minimum,
                                     std::size_t maximum);

}  // namespace patchbay
