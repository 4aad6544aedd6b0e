// SPDX-License-Identifier: Apache-2.0
/// \file
/// Writes a tree as YAML that people can go on editing. Text that any reader of YAML could take for
/// something else is quoted, which yaml-cpp's emitter does not do.
#pragma once

#include "config/value.hpp"

#include <string>

namespace patchbay::config {

/// Block style, two spaces, ended by a newline; empty maps and lists in flow style.
[[nodiscard]] std::string to_yaml(const Value& value);

}  // namespace patchbay::config
