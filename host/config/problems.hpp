// SPDX-License-Identifier: Apache-2.0
/// \file
/// The result type of everything that reads configuration: either the value or *every* problem that
/// was found in one pass, so that nobody has to correct a file one error at a time.
#pragma once

#include <patchbay/result.hpp>

#include <tl/expected.hpp>

#include <vector>

namespace patchbay::config {

/// Problems in the order in which they were found; never empty inside a failed `Checked`.
using Problems = std::vector<Error>;

template <class T>
using Checked = tl::expected<T, Problems>;

/// From the top of each file to its end, the order in which people correct them; without those that
/// only follow from another: a scalar that is bad YAML or an unfilled placeholder has the wrong
/// type too.
void tidy(Problems& problems);

}  // namespace patchbay::config
