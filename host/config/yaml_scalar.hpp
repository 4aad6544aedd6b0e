// SPDX-License-Identifier: Apache-2.0
/// \file
/// What an unquoted YAML scalar means: the core schema of YAML 1.2, minus the numbers that YAML 1.1
/// and 1.2 read differently. Source: https://yaml.org/spec/1.2.2/#103-core-schema
#pragma once

#include "config/value.hpp"

#include <patchbay/result.hpp>

#include <string_view>

namespace patchbay::config {

/// Null, boolean, integer, floating or string. Refuses, with the reason as the message: numbers
/// with leading zeros and octal numbers (8 or 10?), integers beyond 64 bits, infinities and NaN
/// (JSON has none). `yes`, `no`, `on` and `off` are strings.
[[nodiscard]] Result<Value> resolve_plain_scalar(std::string_view text);

}  // namespace patchbay::config
