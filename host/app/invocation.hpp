// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a verb is given: its streams, and a place for what it is to do once the whole command line
/// proved to be right.
#pragma once

#include <functional>
#include <iosfwd>

namespace patchbay::app {

/// One call of the program. Verbs never touch the process's own streams, so that tests can run them
/// in memory.
struct Invocation {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    /// Set by the verb that was named; returns the exit code.
    std::function<int()> action{};
};

}  // namespace patchbay::app
