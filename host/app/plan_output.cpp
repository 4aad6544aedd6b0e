// SPDX-License-Identifier: Apache-2.0
#include "app/plan_output.hpp"

#include "app/problem_output.hpp"
#include "events/redactor.hpp"

#include <nlohmann/json.hpp>

namespace patchbay::app {

namespace {

using nlohmann::ordered_json;

void redact(ordered_json& json) {
    if (json.is_object()) {
        for (auto& [key, value] : json.items()) {
            if (events::names_a_secret(key) && !value.is_null()) {
                value = events::redacted;
            } else {
                redact(value);
            }
        }
    } else if (json.is_array()) {
        for (ordered_json& item : json) {
            redact(item);
        }
    }
}

}  // namespace

ordered_json shown_config(const std::string& config_json) {
    ordered_json json = ordered_json::parse(config_json, nullptr, false);
    redact(json);
    return json;
}

ordered_json to_json(const plugins::FoundPlugin& plugin) {
    ordered_json json = {{"public_id", plugin.manifest ? plugin.manifest->public_id() : ""},
                         {"folder", plugin.folder},
                         {"library", plugin.library},
                         {"origin", plugins::describe(plugin.origin)},
                         {"autostart", plugin.autostart},
                         {"loadable", plugin.loadable()}};
    if (plugin.manifest) {
        json["class_name"] = plugin.manifest->class_name;
        json["is_abstract"] = plugin.manifest->is_abstract;
        json["description"] = plugin.manifest->description;
    }
    if (plugin.note) {
        json["abi"] = plugin.note->abi;
        json["classes"] = plugin.note->classes;
    }
    json["errors"] = problems_json(plugin.errors);
    json["warnings"] = problems_json(plugin.warnings);
    return json;
}

ordered_json to_json(const plugins::SearchedFolder& folder) {
    ordered_json json = {{"path", folder.path},
                         {"origin", plugins::describe(folder.origin)},
                         {"autostart", folder.autostart},
                         {"plugins", folder.plugins}};
    if (folder.problem) {
        json["problem"] = problems_json({*folder.problem})[0];
    }
    return json;
}

ordered_json to_json(const plugins::InstancePlan& instance) {
    ordered_json dependencies = ordered_json::array();
    for (const plugins::DependencyPlan& dependency : instance.dependencies) {
        dependencies.push_back(
            {{"public_id", dependency.public_id}, {"instance", dependency.instance}});
    }
    return {{"name", instance.name},
            {"component_id", instance.component_id},
            {"class_id", instance.class_id},
            {"state", to_string(instance.state)},
            {"required", instance.required},
            {"is_abstract", instance.is_abstract},
            {"consumer", instance.consumer},
            {"automatic", instance.automatic},
            {"folder", instance.folder},
            {"library", instance.library},
            {"config", shown_config(instance.config_json)},
            {"dependencies", std::move(dependencies)},
            {"errors", problems_json(instance.errors)}};
}

const char* to_string(plugins::PlanState state) {
    switch (state) {
        case plugins::PlanState::planned:
            return "planned";
        case plugins::PlanState::disabled:
            return "disabled";
        case plugins::PlanState::failed:
            break;
    }
    return "failed";
}

std::vector<const plugins::InstancePlan*> all_instances(const plugins::Plan& plan) {
    std::vector<const plugins::InstancePlan*> all;
    for (const plugins::InstancePlan& instance : plan.instances) {
        all.push_back(&instance);
    }
    for (const plugins::InstancePlan& instance : plan.left_out) {
        all.push_back(&instance);
    }
    return all;
}

std::vector<const plugins::InstancePlan*> instances_of(const plugins::Plan& plan,
                                                       const plugins::FoundPlugin& plugin) {
    std::vector<const plugins::InstancePlan*> found;
    for (const plugins::InstancePlan* instance : all_instances(plan)) {
        if (!instance->folder.empty() && instance->folder == plugin.folder) {
            found.push_back(instance);
        }
    }
    return found;
}

std::string first_reason(const std::vector<Error>& errors) {
    if (errors.empty()) {
        return "";
    }
    std::string reason = errors.front().message;
    for (char& c : reason) {
        c = c == '\n' ? ' ' : c;
    }
    if (errors.size() > 1) {
        reason += " (and " + std::to_string(errors.size() - 1) + " more)";
    }
    return reason;
}

}  // namespace patchbay::app
