// SPDX-License-Identifier: Apache-2.0
/// \file
/// The result type of everything that reads configuration: either the value or *every* problem that
/// was found in one pass, so that nobody has to correct a file one error at a time.
#pragma once

#include <patchbay/result.hpp>

#include <tl/expected.hpp>

#include <algorithm>
#include <tuple>
#include <vector>

namespace patchbay::config {

/// Problems in the order in which they were found; never empty inside a failed `Checked`.
using Problems = std::vector<Error>;

template <class T>
using Checked = tl::expected<T, Problems>;

/// From the top of each file to its end: the order in which people correct them.
inline void sort_by_place(Problems& problems) {
    std::stable_sort(problems.begin(), problems.end(), [](const Error& left, const Error& right) {
        return std::tie(left.location.file, left.location.line, left.location.column) <
               std::tie(right.location.file, right.location.line, right.location.column);
    });
}

}  // namespace patchbay::config
