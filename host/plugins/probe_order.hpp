// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a probe is to try, as the host writes it and the child process reads it.
#pragma once

#include "plugins/plan.hpp"
#include "plugins/plugin_generation.hpp"

#include <patchbay/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

struct ProbeOrder {
    /// Of the host that asks.
    std::int64_t parent = 0;
    HostIdentity identity{};
    /// The copy that is to be loaded, and a folder that exists for the probe alone.
    std::string library;
    std::string folder;
    /// Public id.
    std::string plugin;
    /// Those whose objects are made. Only what `create` is told, the class, and the time limits go
    /// with them.
    std::vector<InstancePlan> instances;
};

[[nodiscard]] std::string to_text(const ProbeOrder& order);
/// Code `probe.order`.
[[nodiscard]] Result<ProbeOrder> read_probe_order(std::string_view text);

}  // namespace patchbay::plugins
