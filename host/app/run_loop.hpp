// SPDX-License-Identifier: Apache-2.0
/// \file
/// The life of `patchbay run` after the configuration was read: start, wait for signals, drain,
/// end. SIGTERM and SIGINT drain; a second one stops at once. SIGHUP applies the
/// configuration as it is then and reloads the plugins whose libraries have changed.
#pragma once

#include "app/host_view.hpp"
#include "events/event_hub.hpp"

#include <iosfwd>
#include <memory>
#include <string>

namespace patchbay::app {

class Log;

/// Keeps the signals for the loop: call it before any thread is started, because threads inherit
/// the mask.
void block_signals();

/// Returns the exit code: `exit_ok` after an ordered end with nothing left over, else
/// `exit_failed`. Ends the process itself (std::quick_exit) when code of a plugin cannot be
/// stopped. `log` is flushed and closed in that case.
int run_loop(HostView view, const std::string& configuration_path, events::EventHub& hub,
             std::unique_ptr<Log>& log, std::ostream& out, std::ostream& err);

}  // namespace patchbay::app
