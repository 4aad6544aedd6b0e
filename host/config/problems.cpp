// SPDX-License-Identifier: Apache-2.0
#include "config/problems.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace patchbay::config {
namespace {

auto place(const Error& problem) {
    return std::tie(problem.location.file, problem.location.line, problem.location.column);
}

bool is_cause(const Error& problem) {
    return problem.code.starts_with("placeholder.") || problem.code == "yaml.number" ||
           problem.code == "yaml.tag";
}

}  // namespace

void tidy(Problems& problems) {
    std::stable_sort(problems.begin(), problems.end(), [](const Error& left, const Error& right) {
        return place(left) < place(right);
    });
    Problems kept;
    for (Error& problem : problems) {
        bool follows = false;
        // Sorted: problems of one place stand together.
        for (auto earlier = kept.rbegin();
             earlier != kept.rend() && place(*earlier) == place(problem) && !follows; ++earlier) {
            follows = is_cause(*earlier);
        }
        if (!follows) {
            kept.push_back(std::move(problem));
        }
    }
    problems = std::move(kept);
}

}  // namespace patchbay::config
