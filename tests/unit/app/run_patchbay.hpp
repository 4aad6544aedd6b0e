// SPDX-License-Identifier: Apache-2.0
/// \file
/// Runs the command line in memory.
#pragma once

#include "app/command_line.hpp"

#include <sstream>
#include <string>
#include <vector>

namespace patchbay::app {

struct Outcome {
    int code = -1;
    std::string out;
    std::string err;
};

inline Outcome run_patchbay(std::vector<std::string> arguments, const std::string& input = {}) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    const int code = run_command_line(std::move(arguments), in, out, err);
    return {code, out.str(), err.str()};
}

}  // namespace patchbay::app
