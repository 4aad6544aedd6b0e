// SPDX-License-Identifier: Apache-2.0
/// \file
/// The command line: all verbs in one tree, from parsing to the exit code.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace patchbay::app {

/// Runs `patchbay ARGUMENTS...` (without the program's name) and returns its exit code.
int run_command_line(std::vector<std::string> arguments, std::istream& in, std::ostream& out,
                     std::ostream& err);

}  // namespace patchbay::app
