// SPDX-License-Identifier: Apache-2.0
#include "app/command_line.hpp"
#include "app/probe_argument.hpp"
#include "plugins/probe_child.hpp"

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string_view>

int main(int argc, char** argv) {
    // A reader that went away is an error of the write, not the end of the host.
    (void)std::signal(SIGPIPE, SIG_IGN);
    std::ios::sync_with_stdio(false);
    if (argc == 2 && std::string_view(argv[1]) == patchbay::app::probe_argument) {
        std::_Exit(patchbay::plugins::run_probe());
    }
    return patchbay::app::run_command_line({argv + 1, argv + argc}, std::cin, std::cout, std::cerr);
}
