// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tries a copy of a library in a child process before it comes into this one: a library that
/// crashes, ends its process or hangs while it is loaded, or while its objects are made and
/// destroyed, does so where nothing is lost.
///
/// It is no sandbox: the child has the rights of the host.
#pragma once

#include "plugins/probe_order.hpp"

#include <patchbay/result.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace patchbay::plugins {

struct ProbeOptions {
    /// Path of a program and its arguments, which calls `run_probe`. Empty: nothing is tried.
    std::vector<std::string> command{};
    /// Of a probe as a whole; 0 = nothing is tried.
    std::chrono::milliseconds limit{10'000};

    [[nodiscard]] bool enabled() const { return !command.empty() && limit.count() > 0; }
    /// What a probe may take, with its begin and end.
    [[nodiscard]] std::chrono::milliseconds time_limit() const {
        return enabled() ? limit + std::chrono::seconds(5) : std::chrono::milliseconds(0);
    }
};

/// Blocks for at most the limit. `order.folder` is made, and removed again. `cancelled` is asked
/// now and then; may be empty. A library that only refuses to be loaded, or to make its objects,
/// passes: see `run_probe`. Codes: `probe.crashed` (a signal), `probe.ended` (by itself, too
/// early), `probe.hung`, `plugin.hung`. No fault of the library: `probe.not_started`,
/// `probe.cancelled`, `plugin.run_folder`, `plugin.copy_failed`.
[[nodiscard]] Result<void> probe_library(const ProbeOrder& order, const ProbeOptions& options,
                                         const std::function<bool()>& cancelled = {});

}  // namespace patchbay::plugins
