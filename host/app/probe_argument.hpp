// SPDX-License-Identifier: Apache-2.0
/// \file
/// How this program calls itself to try a plugin's library. No verb: it takes its order from the
/// host, not from people.
#pragma once

namespace patchbay::app {

inline constexpr const char* probe_argument = "probe-library";

}  // namespace patchbay::app
