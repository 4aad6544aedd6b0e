// SPDX-License-Identifier: Apache-2.0
/// \file
/// The core of `patchbay check`: everything that can be found wrong without executing code of a
/// plugin, from every layer that knows plugins: folders, libraries and their notes, the graph, the
/// routes.
#pragma once

#include "plugins/catalogue.hpp"
#include "plugins/plan.hpp"

#include <patchbay/result.hpp>

#include <vector>

namespace patchbay::plugins {

/// Each thing once, in the order of the places where it is to be repaired.
struct CheckReport {
    /// An optional instance that cannot start is a problem here, although it would not stop the
    /// host; a broken plugin that nothing would start is a warning.
    std::vector<Error> problems;
    std::vector<Error> warnings;
};

[[nodiscard]] CheckReport check(const Catalogue& catalogue, const Plan& plan);

}  // namespace patchbay::plugins
