// SPDX-License-Identifier: Apache-2.0
#include "plugins/instance_set.hpp"

#include "config/nearest.hpp"
#include "plugins/nearest_id.hpp"
#include "plugins/version_rule.hpp"

#include <patchbay/public_id.hpp>

#include <algorithm>

namespace patchbay::plugins {

namespace {

std::pair<std::string, std::string> class_name_of(std::string_view public_id) {
    const auto id = view_public_id(public_id);
    return id ? std::pair(std::string(id->author), std::string(id->name))
              : std::pair(std::string(), std::string(public_id));
}

std::string_view version_of(std::string_view public_id) {
    const auto id = view_public_id(public_id);
    return id ? id->version : std::string_view();
}

/// Whether a look-up by this id got another version than it names.
bool differs(std::string_view wanted_id, std::string_view found_version) {
    const std::string_view wanted = version_of(wanted_id);
    return !wanted.empty() && wanted != "any" && wanted != latest_version &&
           wanted != found_version;
}

/// Whether a version is what a reference with a range asks for; always without one.
bool in_range(const config::Reference& reference, std::string_view version) {
    if (reference.versions.empty()) {
        return true;
    }
    const auto rule = VersionRule::parse(reference.versions);
    return rule && rule->accepts(version);
}

std::string place(const SourceLocation& location) {
    return location.file + (location.line == 0 ? "" : ':' + std::to_string(location.line));
}

}  // namespace

InstanceSet::InstanceSet(const config::HostConfiguration& configuration, const Catalogue& catalogue)
    : configuration_(configuration), catalogue_(catalogue) {
    for (const FoundPlugin& plugin : catalogue.plugins) {
        if (plugin.manifest != nullptr) {
            classes_[{plugin.manifest->author, plugin.manifest->name}].push_back(&plugin);
        }
    }
}

void InstanceSet::build() {
    add_configured();
    add_autostarted();
    // Grows while it runs: a dependency may bring an abstract instance along.
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
        if (drafts_[i].enabled() && drafts_[i].plan.manifest != nullptr) {
            bind(i);
        }
    }
}

std::size_t InstanceSet::add(InstanceDraft draft) {
    take_name(draft);
    const std::size_t number = drafts_.size();
    instances_[class_name_of(draft.plan.class_id)].push_back(number);
    drafts_.push_back(std::move(draft));
    return number;
}

void InstanceSet::take_name(InstanceDraft& draft) {
    const auto [taken, is_new] = names_.emplace(draft.plan.name, drafts_.size());
    if (is_new) {
        return;
    }
    const InstancePlan& first = drafts_[taken->second].plan;
    draft.fail({ErrorClass::invalid, "graph.name_taken",
                "two instances would be called `" + draft.plan.name + "`: one of " +
                    draft.plan.class_id + " and one of " + first.class_id +
                    "; add an entry with another `name` under `connections`",
                draft.plan.manifest != nullptr && draft.plan.automatic
                    ? draft.plan.manifest->name_location
                    : draft.plan.location});
}

void InstanceSet::use_plugin(InstanceDraft& draft, const FoundPlugin& plugin) {
    draft.plugin = &plugin;
    draft.plan.manifest = plugin.manifest;
    draft.plan.class_id = plugin.manifest->public_id();
    draft.plan.component_id =
        plugin.manifest->author + '/' + draft.plan.name + ':' + plugin.manifest->version;
    draft.plan.folder = plugin.folder;
    draft.plan.library = plugin.library;
    draft.plan.watch = plugin.watch;
    draft.plan.is_abstract = plugin.manifest->is_abstract;
    if (!plugin.loadable() && draft.enabled()) {
        draft.fail({ErrorClass::failed, "graph.class_broken",
                    "instance `" + draft.plan.name + "`: the plugin " + draft.plan.class_id +
                        " in " + plugin.folder + " cannot be used",
                    draft.plan.location});
        draft.plan.errors.insert(draft.plan.errors.end(), plugin.errors.begin(),
                                 plugin.errors.end());
    }
}

void InstanceSet::add_configured() {
    for (const config::ConnectionInstance& entry : configuration_.connections) {
        InstanceDraft draft;
        draft.entry = &entry;
        draft.plan.name = entry.name;
        draft.plan.class_id = entry.class_id;
        draft.plan.required = entry.required;
        draft.plan.allow_missing_certificates = entry.allow_missing_certificates;
        draft.plan.limits = entry.limits;
        draft.plan.location = entry.class_location;
        if (!entry.enabled) {
            draft.plan.state = PlanState::disabled;
        }
        const auto [author, name] = class_name_of(entry.class_id);
        draft.plan.component_id = author + '/' + entry.name;
        const auto found = classes_.find({author, name});
        if (found != classes_.end()) {
            use_plugin(draft, *best_version(found->second, version_of(entry.class_id)));
            if (draft.enabled() && differs(entry.class_id, draft.plan.manifest->version)) {
                warnings_.push_back({ErrorClass::invalid, "graph.version_differs",
                                     "instance `" + entry.name + "` asks for " + entry.class_id +
                                         " and gets " + draft.plan.class_id +
                                         ", the version that was found",
                                     entry.class_location});
            }
        } else if (draft.enabled()) {
            draft.fail({ErrorClass::failed, "graph.class_missing",
                        "instance `" + entry.name + "`: no plugin offers " + entry.class_id +
                            did_you_mean_id(entry.class_id, catalogue_.public_ids()) + "; " +
                            catalogue_.searched_text(),
                        entry.class_location});
        }
        add(std::move(draft));
    }
}

InstanceDraft InstanceSet::automatic(const FoundPlugin& plugin) {
    InstanceDraft draft;
    draft.plan.name = plugin.manifest->name;
    draft.plan.automatic = true;
    draft.plan.limits = configuration_.connection_defaults;
    use_plugin(draft, plugin);
    return draft;
}

void InstanceSet::add_autostarted() {
    std::vector<const FoundPlugin*> used;
    for (const InstanceDraft& draft : drafts_) {
        used.push_back(draft.plugin);
    }
    std::sort(used.begin(), used.end());
    std::vector<std::string> started;
    for (const FoundPlugin& plugin : catalogue_.plugins) {
        if (!plugin.autostart || plugin.manifest == nullptr || plugin.manifest->is_abstract ||
            std::binary_search(used.begin(), used.end(), &plugin)) {
            continue;
        }
        // Of duplicates, all of them broken, one instance tells.
        const std::string id = plugin.manifest->public_id();
        const auto& same = instances_[{plugin.manifest->author, plugin.manifest->name}];
        if (std::any_of(same.begin(), same.end(),
                        [&](std::size_t i) { return drafts_[i].plan.class_id == id; })) {
            continue;
        }
        add(automatic(plugin));
    }
}

void InstanceSet::bind(std::size_t dependent) {
    InstanceDraft& draft = drafts_[dependent];
    for (const config::Reference& reference : draft.plan.manifest->connections) {
        const std::size_t target = target_of(draft, reference);
        DependencyPlan dependency{reference.id, {}, reference.location};
        if (target != InstanceDraft::npos) {
            const InstancePlan& plan = drafts_[target].plan;
            dependency.instance = plan.name;
            if (plan.manifest != nullptr && differs(reference.id, plan.manifest->version)) {
                warnings_.push_back({ErrorClass::invalid, "graph.version_differs",
                                     '`' + draft.plan.name + "` was written for " + reference.id +
                                         " and gets " + plan.class_id +
                                         ", the version that was found",
                                     reference.location});
            }
        }
        draft.plan.dependencies.push_back(std::move(dependency));
        draft.bound.push_back(target);
    }
    report_unused_bindings(draft);
}

std::size_t InstanceSet::target_of(InstanceDraft& dependent, const config::Reference& reference) {
    const auto wanted = class_name_of(reference.id);
    if (dependent.entry != nullptr) {
        for (const config::Binding& binding : dependent.entry->bind) {
            if (class_name_of(binding.dependency) == wanted) {
                return bound_by_configuration(dependent, reference, binding);
            }
        }
    }
    std::vector<std::size_t> enabled;
    bool disabled_one = false;
    if (const auto found = instances_.find(wanted); found != instances_.end()) {
        for (const std::size_t i : found->second) {
            if (drafts_[i].enabled()) {
                enabled.push_back(i);
            } else {
                disabled_one = true;
            }
        }
    }
    // Several versions side by side: the one that was asked for goes first.
    std::vector<std::size_t> exact;
    std::copy_if(enabled.begin(), enabled.end(), std::back_inserter(exact), [&](std::size_t i) {
        const std::string_view version = version_of(drafts_[i].plan.class_id);
        return !differs(reference.id, version) && in_range(reference, version);
    });
    if (exact.empty() && !enabled.empty() && !reference.versions.empty()) {
        return out_of_range(dependent, reference, drafts_[enabled.front()].plan);
    }
    const std::vector<std::size_t>& candidates = exact.empty() ? enabled : exact;
    if (candidates.size() == 1) {
        return candidates.front();
    }
    if (candidates.empty()) {
        return without_instance(dependent, reference, disabled_one);
    }
    std::vector<std::string> names;
    names.reserve(candidates.size());
    for (const std::size_t i : candidates) {
        names.push_back(drafts_[i].plan.name);
    }
    std::sort(names.begin(), names.end());
    std::string listed;
    for (std::size_t i = 0; i < names.size() && i < 10; ++i) {
        listed += (i == 0 ? "`" : ", `") + names[i] + '`';
    }
    dependent.fail({ErrorClass::invalid, "graph.dependency_ambiguous",
                    '`' + dependent.plan.name + "` needs " + reference.id + ", which " +
                        std::to_string(names.size()) + " instances are: " + listed +
                        "; choose one in the host configuration with `bind: {" + reference.id +
                        ": " + names.front() + "}`",
                    reference.location});
    return InstanceDraft::npos;
}

std::size_t InstanceSet::bound_by_configuration(InstanceDraft& dependent,
                                                const config::Reference& reference,
                                                const config::Binding& binding) {
    const auto found = names_.find(binding.instance);
    if (found == names_.end()) {
        std::vector<std::string> names;
        for (const auto& [name, number] : names_) {
            names.push_back(name);
        }
        dependent.fail({ErrorClass::invalid, "graph.bind_unknown",
                        "`bind` of `" + dependent.plan.name + "` names `" + binding.instance +
                            "`, which no instance is called" +
                            config::did_you_mean(binding.instance, names),
                        binding.location});
        return InstanceDraft::npos;
    }
    const InstanceDraft& target = drafts_[found->second];
    if (class_name_of(target.plan.class_id) != class_name_of(reference.id)) {
        dependent.fail({ErrorClass::invalid, "graph.bind_wrong_class",
                        "`bind` of `" + dependent.plan.name + "` gives `" + binding.instance +
                            "` for " + reference.id + ", but that is an instance of " +
                            target.plan.class_id,
                        binding.location});
        return InstanceDraft::npos;
    }
    if (!in_range(reference, version_of(target.plan.class_id))) {
        return out_of_range(dependent, reference, target.plan);
    }
    if (!target.enabled()) {
        dependent.fail({ErrorClass::invalid, "graph.dependency_disabled",
                        '`' + dependent.plan.name + "` is bound to `" + binding.instance +
                            "`, which is disabled",
                        binding.location});
        return InstanceDraft::npos;
    }
    return found->second;
}

std::size_t InstanceSet::out_of_range(InstanceDraft& dependent, const config::Reference& reference,
                                      const InstancePlan& target) {
    dependent.fail({ErrorClass::invalid, "graph.version_conflict",
                    '`' + dependent.plan.name + "` needs " + reference.text() + ", but `" +
                        target.name + "` is " + target.class_id + " (" + target.folder + ')',
                    reference.location});
    return InstanceDraft::npos;
}

std::size_t InstanceSet::without_instance(InstanceDraft& dependent,
                                          const config::Reference& reference, bool disabled_one) {
    const auto refuse = [&](const char* code, const std::string& text) {
        dependent.fail({ErrorClass::failed, code,
                        '`' + dependent.plan.name + "` needs " + reference.id + ", " + text,
                        reference.location});
        return InstanceDraft::npos;
    };
    if (disabled_one) {
        return refuse("graph.dependency_disabled",
                      "whose only instance is disabled in the host configuration");
    }
    const auto found = classes_.find(class_name_of(reference.id));
    if (found == classes_.end()) {
        return refuse("graph.dependency_missing",
                      "which was not found" +
                          did_you_mean_id(reference.id, catalogue_.public_ids()) + "; " +
                          catalogue_.searched_text());
    }
    std::vector<const FoundPlugin*> fitting;
    std::copy_if(
        found->second.begin(), found->second.end(), std::back_inserter(fitting),
        [&](const FoundPlugin* plugin) { return in_range(reference, plugin->manifest->version); });
    if (fitting.empty()) {
        const FoundPlugin& other = *best_version(found->second, {});
        return refuse("graph.version_conflict",
                      "but the version that was found is " + other.label() + " in " + other.folder);
    }
    const FoundPlugin& plugin = *best_version(fitting, version_of(reference.id));
    if (!plugin.manifest->is_abstract) {
        return refuse("graph.dependency_not_configured",
                      "which is in " + plugin.folder + " but has no instance; add `- class: " +
                          plugin.label() + "` to `connections` of the host configuration");
    }
    if (names_.find(plugin.manifest->name) != names_.end()) {
        return refuse("graph.name_taken",
                      "an abstract connection whose instance would be called `" +
                          plugin.manifest->name + "`, but " +
                          names_.find(plugin.manifest->name)->first +
                          " is taken; add an entry for it with another `name` under `connections`");
    }
    return add(automatic(plugin));
}

void InstanceSet::report_unused_bindings(InstanceDraft& draft) {
    if (draft.entry == nullptr) {
        return;
    }
    std::vector<std::string> listed;
    for (const config::Reference& reference : draft.plan.manifest->connections) {
        listed.push_back(reference.id);
    }
    for (const config::Binding& binding : draft.entry->bind) {
        const bool used = std::any_of(listed.begin(), listed.end(), [&](const std::string& id) {
            return class_name_of(id) == class_name_of(binding.dependency);
        });
        if (!used) {
            draft.fail({ErrorClass::invalid, "graph.bind_unused",
                        "`bind` of `" + draft.plan.name + "` names " + binding.dependency +
                            ", which " + place({draft.plan.manifest->path}) +
                            " does not list under `connections`" +
                            did_you_mean_id(binding.dependency, listed),
                        binding.location});
        }
    }
}

}  // namespace patchbay::plugins
