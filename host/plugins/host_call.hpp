// SPDX-License-Identifier: Apache-2.0
/// \file
/// Calls into a plugin that the ABI marks [host-thread]: entry, create, destroy. Each runs on a
/// short-lived thread of its own, so that a plugin that touches a thread-local there does not pin
/// its library to a thread of the host, and so that a call that hangs is bounded.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace patchbay::plugins {

/// Runs `call` and waits for it; false when it did not return within the limit. Then its thread is
/// let go: whatever `call` captured must be owned by it. `call` must not throw.
[[nodiscard]] bool call_on_host_thread(const std::string& name, std::chrono::nanoseconds limit,
                                       std::function<void()> call);

}  // namespace patchbay::plugins
