// SPDX-License-Identifier: Apache-2.0
/// \file
/// Lists that a host answers page by page, in byte order of the agents' ids.
#pragma once

#include "control/client.hpp"

#include <patchbay/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace patchbay::app {

/// Asks `verb` for page after page, until one is empty, and returns what their member `list` holds.
[[nodiscard]] Result<nlohmann::json> all_pages(control::Client& client, const std::string& verb,
                                               const std::string& list);

}  // namespace patchbay::app
