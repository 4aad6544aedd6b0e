// SPDX-License-Identifier: Apache-2.0
#include "openapi/problems.hpp"

#include <algorithm>
#include <utility>

namespace patchbay::openapi {

void Problems::add(Place place, std::string code, std::string message) {
    if (problems_.size() == max_kept) {
        ++dropped_;
        return;
    }
    const bool known = std::any_of(problems_.begin(), problems_.end(), [&](const Error& problem) {
        return problem.location.line == place.line && problem.location.column == place.column &&
               problem.message == message;
    });
    if (!known) {
        problems_.push_back(Error{ErrorClass::invalid, std::move(code), std::move(message),
                                  SourceLocation{file_, place.line, place.column}});
    }
}

Error Problems::error() const {
    if (problems_.size() == 1) {
        return problems_.front();
    }
    std::vector<Error> sorted = problems_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Error& left, const Error& right) {
        return std::pair(left.location.line, left.location.column) <
               std::pair(right.location.line, right.location.column);
    });
    const std::size_t count = sorted.size() + dropped_;
    std::string message = "The specification has " + std::to_string(count) + " problems:";
    for (std::size_t i = 0; i < sorted.size() && i < max_told; ++i) {
        message += '\n' + to_string(sorted[i]);
    }
    if (count > max_told) {
        message += "\n... and " + std::to_string(count - max_told) + " more";
    }
    return Error{ErrorClass::invalid, "openapi.invalid", std::move(message),
                 sorted.front().location};
}

}  // namespace patchbay::openapi
