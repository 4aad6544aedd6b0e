// SPDX-License-Identifier: Apache-2.0
#include "app/configuration_json.hpp"

#include "control/protocol.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace patchbay::app {

namespace {

using nlohmann::json;

constexpr double nanoseconds_in_millisecond = 1e6;

json errors_json(const std::vector<Error>& errors) {
    json array = json::array();
    for (const Error& error : errors) {
        array.push_back(control::to_json(error));
    }
    return array;
}

json change_json(const std::string& name, plugins::ChangeKind kind,
                 const std::vector<plugins::PlanPart>& parts) {
    json names = json::array();
    for (const plugins::PlanPart part : parts) {
        names.push_back(plugins::to_string(part));
    }
    return {{"instance", name}, {"action", plugins::to_string(kind)}, {"parts", std::move(names)}};
}

json applied_json(const plugins::AppliedInstance& applied) {
    json change = change_json(applied.name, applied.kind, applied.parts);
    if (applied.kind == plugins::ChangeKind::renewed) {
        change["pause_ms"] = static_cast<double>(applied.pause) / nanoseconds_in_millisecond;
    }
    if (applied.abandoned != 0) {
        change["abandoned"] = applied.abandoned;
    }
    if (applied.error) {
        change["error"] = control::to_json(*applied.error);
    }
    return change;
}

}  // namespace

json to_json(const ConfigurationOutcome& outcome) {
    json changes = json::array();
    const bool applied = !outcome.dry_run && !outcome.refused();
    if (applied) {
        for (const plugins::AppliedInstance& each : outcome.report.instances) {
            changes.push_back(applied_json(each));
        }
    } else {
        for (const plugins::InstanceDifference& each : outcome.difference.all()) {
            changes.push_back(change_json(each.name, each.kind, each.parts));
        }
    }
    json failed = json::array();
    for (const plugins::InstancePlan& plan : outcome.failed) {
        failed.push_back({{"instance", plan.name}, {"errors", errors_json(plan.errors)}});
    }
    return {{"applied", applied},
            {"dry_run", outcome.dry_run},
            {"changes", std::move(changes)},
            {"unchanged", outcome.difference.unchanged},
            {"needs_restart", outcome.needs_restart},
            {"problems", errors_json(outcome.problems)},
            {"kept", errors_json(outcome.kept)},
            {"failed", std::move(failed)}};
}

}  // namespace patchbay::app
