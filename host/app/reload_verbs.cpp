// SPDX-License-Identifier: Apache-2.0
#include "app/reload_verbs.hpp"

#include "app/host_process.hpp"
#include "app/unknown_id.hpp"
#include "control/protocol.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::app {

namespace {

using nlohmann::json;

constexpr double per_millisecond = 1e6;

double milliseconds(std::uint64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / per_millisecond;
}

json report_json(const plugins::ReloadReport& report) {
    json instances = json::array();
    for (const plugins::ReloadedInstance& instance : report.instances) {
        json entry = {{"name", instance.name},
                      {"pause_ms", milliseconds(instance.pause)},
                      {"abandoned", instance.abandoned}};
        if (!instance.hung.empty()) {
            entry["hung_threads"] = instance.hung;
        }
        if (instance.not_connected) {
            entry["error"] = control::to_json(*instance.not_connected);
        }
        instances.push_back(std::move(entry));
    }
    json answer = {{"class_id", report.class_id},   {"library", report.library},
                   {"unchanged", report.unchanged}, {"generation", report.generation},
                   {"sha256", report.sha256},       {"instances", std::move(instances)},
                   {"unloaded", report.unloaded}};
    if (!report.unchanged) {
        answer["probe_ms"] = milliseconds(report.probe_time);
        answer["reload_ms"] = milliseconds(report.reload_time);
        answer["drain_ms"] = milliseconds(report.drain_time);
        if (!report.unloaded) {
            answer["kept_because"] = report.kept_because;
        }
    }
    return answer;
}

}  // namespace

json to_json(const std::vector<ReloadOutcome>& outcomes) {
    json reloads = json::array();
    for (const ReloadOutcome& outcome : outcomes) {
        json entry = {{"instance", outcome.instance}};
        if (outcome.report) {
            entry["report"] = report_json(*outcome.report);
        } else {
            entry["error"] = control::to_json(outcome.report.error());
        }
        reloads.push_back(std::move(entry));
    }
    return reloads;
}

namespace {

/// And those that depend on them, directly or not. Dependencies come first: that is the order of
/// the plan.
void add_dependents(const plugins::Plan& plan, std::vector<std::string>& names) {
    const auto is_named = [&names](const std::string& name) {
        return std::find(names.begin(), names.end(), name) != names.end();
    };
    std::vector<std::string> ordered;
    for (const plugins::InstancePlan& instance : plan.instances) {
        const bool depends = std::any_of(
            instance.dependencies.begin(), instance.dependencies.end(),
            [&](const plugins::DependencyPlan& edge) { return is_named(edge.instance); });
        if (depends && !is_named(instance.name)) {
            names.push_back(instance.name);
        }
        if (is_named(instance.name)) {
            ordered.push_back(instance.name);
        }
    }
    names = std::move(ordered);
}

void reload(HostProcess& host, const json& arguments,
            const std::shared_ptr<control::Reply>& reply) {
    const std::shared_ptr<const HostView> view = host.view();
    std::vector<std::string> names;
    for (const std::string& id : arguments.value("ids", std::vector<std::string>())) {
        const plugins::InstancePlan* plan = view->plan.find(id);
        if (plan == nullptr) {
            reply->fail(unknown_id(*view, id));
            return;
        }
        names.push_back(plan->name);
    }
    if (arguments.value("cascade", false)) {
        add_dependents(view->plan, names);
    }
    const bool taken = host.reloads().request(
        {std::move(names), arguments.value("retry", false), arguments.value("lose_state", false)},
        [reply](const std::vector<ReloadOutcome>& outcomes) {
            reply->result({{"reloads", to_json(outcomes)}});
        });
    if (!taken) {
        reply->fail({ErrorClass::overloaded,
                     "reload.too_many",
                     "Too many reloads wait already, or the host is stopping.",
                     {}});
    }
}

}  // namespace

void register_reload_verb(control::Registry& registry, HostProcess& host) {
    registry.add("reload",
                 [&host](const json& arguments, const std::shared_ptr<control::Reply>& reply) {
                     reload(host, arguments, reply);
                 });
}

}  // namespace patchbay::app
