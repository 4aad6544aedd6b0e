// SPDX-License-Identifier: Apache-2.0
// This host starts no children on Windows.
#include "plugins/platform_child.hpp"

#include <windows.h>

namespace patchbay::plugins::platform {

Result<ChildEnd> run_child(const std::vector<std::string>&, std::string_view,
                           std::chrono::nanoseconds, const std::function<bool()>&) {
    return failure(ErrorClass::unsupported, "child.not_started",
                   "this host starts no child processes on Windows");
}

void become_child_of(long) {}

void write_child_report(std::string_view) {}

long process_number() {
    return static_cast<long>(::GetCurrentProcessId());
}

std::string signal_text(int number) {
    return "signal " + std::to_string(number);
}

}  // namespace patchbay::plugins::platform
