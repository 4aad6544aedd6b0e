// SPDX-License-Identifier: Apache-2.0
#include "plugins/plan.hpp"

#include <patchbay/public_id.hpp>

namespace patchbay::plugins {

namespace {

/// Calls `visit` with planned instances, then with those left out.
template <class Visit>
void for_each_instance(const Plan& plan, Visit visit) {
    for (const InstancePlan& instance : plan.instances) {
        visit(instance);
    }
    for (const InstancePlan& instance : plan.left_out) {
        visit(instance);
    }
}

/// What holds of exactly one instance, or null.
template <class Holds>
const InstancePlan* only_one(const Plan& plan, Holds holds) {
    const InstancePlan* found = nullptr;
    std::size_t count = 0;
    for_each_instance(plan, [&](const InstancePlan& instance) {
        if (holds(instance)) {
            found = &instance;
            ++count;
        }
    });
    return count == 1 ? found : nullptr;
}

}  // namespace

const InstancePlan* Plan::find(std::string_view text) const {
    const auto id = view_public_id(text);
    if (!id) {
        const InstancePlan* named = nullptr;
        for_each_instance(*this, [&](const InstancePlan& instance) {
            if (named == nullptr && instance.name == text) {
                named = &instance;
            }
        });
        return named;
    }
    const auto same = [&](const std::string& other, bool version_counts) {
        const auto known = view_public_id(other);
        return known && known->author == id->author && known->name == id->name &&
               (!version_counts || known->version == id->version);
    };
    for (const bool version_counts : {true, false}) {
        if (const auto* found = only_one(*this, [&](const InstancePlan& instance) {
                return same(instance.component_id, version_counts);
            })) {
            return found;
        }
        if (const auto* found = only_one(*this, [&](const InstancePlan& instance) {
                return same(instance.class_id, version_counts);
            })) {
            return found;
        }
    }
    return nullptr;
}

}  // namespace patchbay::plugins
