// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the process returns. Scripts rely on these numbers; docs/operating.md lists them.
#pragma once

namespace patchbay::app {

inline constexpr int exit_ok = 0;
/// It was tried and did not work; `run`: stopped by a policy, or something was left undelivered.
inline constexpr int exit_failed = 1;
/// The command line is wrong.
inline constexpr int exit_usage = 2;
/// A configuration or a plugin's connection.yaml is wrong (EX_CONFIG of sysexits.h).
inline constexpr int exit_configuration = 78;

}  // namespace patchbay::app
