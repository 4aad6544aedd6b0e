// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the build knows of itself.
#pragma once

#include <string_view>

namespace patchbay::app {

/// Version of the host ("0.1.0").
[[nodiscard]] std::string_view version();
/// "gcc 12.2.0".
[[nodiscard]] std::string_view compiler();

}  // namespace patchbay::app
