// SPDX-License-Identifier: Apache-2.0
// The child of probes, as an embedding program provides it.
#include "plugins/probe_child.hpp"

#include <cstdlib>

int main() {
    std::_Exit(patchbay::plugins::run_probe());
}
