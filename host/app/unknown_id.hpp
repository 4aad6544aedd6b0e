// SPDX-License-Identifier: Apache-2.0
/// \file
/// The error of every verb that was given an ID that nothing has.
#pragma once

#include "app/host_view.hpp"

#include <patchbay/result.hpp>

#include <string>

namespace patchbay::app {

/// Code `id.unknown`; names the nearest instance or plugin and the folders that were searched. Code
/// `id.ambiguous` when several instances have that class.
[[nodiscard]] Error unknown_id(const HostView& view, const std::string& id);

}  // namespace patchbay::app
