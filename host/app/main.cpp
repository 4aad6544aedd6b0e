// SPDX-License-Identifier: Apache-2.0
#include "app/command_line.hpp"

#include <csignal>
#include <iostream>

int main(int argc, char** argv) {
    // A reader that went away is an error of the write, not the end of the host.
    (void)std::signal(SIGPIPE, SIG_IGN);
    std::ios::sync_with_stdio(false);
    return patchbay::app::run_command_line({argv + 1, argv + argc}, std::cin, std::cout, std::cerr);
}
