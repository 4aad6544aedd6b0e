// SPDX-License-Identifier: Apache-2.0
/// \file
/// What `ConnectionHost::apply` is asked for and what became of it.
#pragma once

#include "multiplexer/routing.hpp"
#include "plugins/plan.hpp"
#include "plugins/plan_difference.hpp"

#include <patchbay/result.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::plugins {

struct ApplyRequest {
    /// Everything that is to run from now on.
    Plan plan;
    /// Without one the routing stays as it is.
    std::optional<multiplexer::RoutingTable> routing{};
    std::optional<std::chrono::milliseconds> drain_timeout{};
};

/// An instance that was touched.
struct AppliedInstance {
    std::string name;
    ChangeKind kind = ChangeKind::added;
    std::vector<PlanPart> parts{};
    /// Why it did not come to that. A changed one then runs on as it was; one that was added is
    /// there and not connected; one that was removed is gone as far as its code lets it.
    std::optional<Error> error{};
    /// Nanoseconds in which nothing was taken from the mailboxes of a changed one.
    std::uint64_t pause = 0;
    /// Envelopes that a removed or replaced one had not taken or completed in time.
    std::uint64_t abandoned = 0;
};

struct ApplyReport {
    /// In the order of what was done.
    std::vector<AppliedInstance> instances{};
    /// Names.
    std::vector<std::string> unchanged{};
    /// Nanoseconds.
    std::uint64_t time = 0;

    [[nodiscard]] bool ok() const {
        for (const AppliedInstance& instance : instances) {
            if (instance.error) {
                return false;
            }
        }
        return true;
    }
};

}  // namespace patchbay::plugins
