// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tells the service manager how the host is: the datagrams of sd_notify(3), without libsystemd.
#pragma once

#include <string_view>

namespace patchbay::app {

/// Sends `state` ("READY=1\nSTATUS=...") to NOTIFY_SOCKET. Does nothing without one; a manager that
/// does not listen is none of the host's problems.
void notify_service_manager(std::string_view state);

}  // namespace patchbay::app
