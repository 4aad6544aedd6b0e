// SPDX-License-Identifier: Apache-2.0
// Precompiled: every verb needs both, and together they are most of its compile time.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
