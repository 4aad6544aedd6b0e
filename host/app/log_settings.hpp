// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the configuration and the command line say about events: levels, secrets, and what the
/// plan has to report.
#pragma once

#include "app/host_view.hpp"
#include "events/event_hub.hpp"

#include <patchbay/result.hpp>

#include <string>
#include <vector>

namespace patchbay::app {

/// First the configuration, then each of `overrides` ("LEVEL" or "NAME=LEVEL").
[[nodiscard]] Result<void> set_levels(events::Levels& levels, const config::Log& configuration,
                                      const std::vector<std::string>& overrides);

/// Values under keys that are named like secrets, of the host and of every instance.
void register_secrets(events::Redactor& redactor, const HostView& view);

/// An error as an event's text: with its place, without its code, which the event has anyway.
[[nodiscard]] std::string without_code(Error error);

/// Publishes warnings, and instances that will not be started.
void report_plan(events::EventSink& events, const HostView& view);

}  // namespace patchbay::app
