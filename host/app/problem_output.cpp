// SPDX-License-Identifier: Apache-2.0
#include "app/problem_output.hpp"

#include "config/source_excerpt.hpp"
#include "control/protocol.hpp"

#include <nlohmann/json.hpp>

#include <ostream>

namespace patchbay::app {

void print_problem(std::ostream& out, const char* kind, const Error& error) {
    out << kind << ": " << config::render_problem(error);
}

void print_problems(std::ostream& out, const char* kind, const std::vector<Error>& errors) {
    for (const Error& error : errors) {
        print_problem(out, kind, error);
    }
}

nlohmann::ordered_json problems_json(const std::vector<Error>& errors) {
    nlohmann::ordered_json array = nlohmann::ordered_json::array();
    for (const Error& error : errors) {
        array.push_back(nlohmann::ordered_json(control::to_json(error)));
    }
    return array;
}

}  // namespace patchbay::app
