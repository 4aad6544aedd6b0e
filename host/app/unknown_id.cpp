// SPDX-License-Identifier: Apache-2.0
#include "app/unknown_id.hpp"

#include "app/plan_output.hpp"
#include "config/nearest.hpp"

#include <patchbay/public_id.hpp>

#include <vector>

namespace patchbay::app {

Error unknown_id(const HostView& view, const std::string& id) {
    std::vector<std::string> names;
    std::string same_class;
    const Result<PublicId> wanted = PublicId::parse(id);
    for (const plugins::InstancePlan* instance : all_instances(view.plan)) {
        names.push_back(instance->name);
        names.push_back(instance->component_id);
        const Result<PublicId> its_class = PublicId::parse(instance->class_id);
        if (wanted && its_class && wanted->same_component(*its_class)) {
            same_class += (same_class.empty() ? "" : ", ") + instance->name;
        }
    }
    if (!same_class.empty()) {
        return {
            ErrorClass::invalid,
            "id.ambiguous",
            "'" + id + "' is the class of several instances: " + same_class + ". Name one of them.",
            {}};
    }
    for (const plugins::FoundPlugin& plugin : view.catalogue.plugins) {
        if (plugin.manifest) {
            names.push_back(plugin.manifest->public_id());
            names.push_back(plugin.manifest->name);
        }
    }
    return {ErrorClass::invalid,
            "id.unknown",
            "No instance, plugin or file is called '" + id + "'" + config::did_you_mean(id, names) +
                " (" + view.catalogue.searched_text() + ").",
            {}};
}

}  // namespace patchbay::app
