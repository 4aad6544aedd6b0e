// SPDX-License-Identifier: Apache-2.0
/// \file
/// How verbs say what is wrong: for people with the line of the file and a caret, for tools as
/// JSON.
#pragma once

#include <patchbay/result.hpp>

#include <nlohmann/json_fwd.hpp>

#include <iosfwd>
#include <vector>

namespace patchbay::app {

/// "error: file:line:column: message [code]", the line and a caret. `kind` is "error" or "warning".
void print_problem(std::ostream& out, const char* kind, const Error& error);
void print_problems(std::ostream& out, const char* kind, const std::vector<Error>& errors);

/// As an array of objects.
[[nodiscard]] nlohmann::ordered_json problems_json(const std::vector<Error>& errors);

}  // namespace patchbay::app
