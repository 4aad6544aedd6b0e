// SPDX-License-Identifier: Apache-2.0
#include "plugins/resolver.hpp"

#include "config/instance_merge.hpp"
#include "config/reference_check.hpp"
#include "plugins/dependency_graph.hpp"
#include "plugins/instance_set.hpp"

#include <patchbay/public_id.hpp>

#include <algorithm>
#include <numeric>
#include <optional>
#include <queue>
#include <utility>

namespace patchbay::plugins {

namespace {

std::string place_of(const SourceLocation& location) {
    return location.file + (location.line == 0 ? "" : ':' + std::to_string(location.line));
}

class Resolution {
  public:
    Resolution(const config::HostConfiguration& configuration, const Catalogue& catalogue)
        : configuration_(configuration), set_(configuration, catalogue) {}

    Plan run() {
        set_.build();
        number_by_name();
        order_ = dependency_order(graph_);
        report_cycles();
        merge_configurations();
        spread_failures();
        check_routes();
        return finish();
    }

  private:
    [[nodiscard]] InstanceDraft& draft(std::size_t number) {
        return set_.drafts()[by_name_[number]];
    }

    /// From here on instances have the numbers of their place among the names.
    void number_by_name() {
        std::deque<InstanceDraft>& drafts = set_.drafts();
        by_name_.resize(drafts.size());
        std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
        std::stable_sort(by_name_.begin(), by_name_.end(), [&](std::size_t l, std::size_t r) {
            return drafts[l].plan.name < drafts[r].plan.name;
        });
        std::vector<std::size_t> number(drafts.size());
        for (std::size_t i = 0; i < by_name_.size(); ++i) {
            number[by_name_[i]] = i;
        }
        graph_.resize(drafts.size());
        for (std::size_t i = 0; i < graph_.size(); ++i) {
            for (const std::size_t target : draft(i).bound) {
                if (target != InstanceDraft::npos) {
                    graph_[i].push_back(number[target]);
                }
            }
        }
    }

    [[nodiscard]] const DependencyPlan* edge(std::size_t from, std::size_t to) {
        const InstanceDraft& source = draft(from);
        for (std::size_t i = 0; i < source.bound.size(); ++i) {
            if (source.bound[i] == by_name_[to]) {
                return &source.plan.dependencies[i];
            }
        }
        return nullptr;
    }

    void report_cycles() {
        constexpr std::size_t limit = 100;
        for (const std::vector<std::size_t>& cycle : dependency_cycles(graph_, limit)) {
            std::string path;
            std::string edges;
            SourceLocation first;
            for (std::size_t i = 0; i < cycle.size(); ++i) {
                const std::size_t next = cycle[(i + 1) % cycle.size()];
                const DependencyPlan* entry = edge(cycle[i], next);
                path += draft(cycle[i]).plan.name + " -> ";
                if (entry != nullptr) {
                    edges += (i == 0 ? "" : ", ") + draft(cycle[i]).plan.name + " lists " +
                             entry->public_id + " in " + place_of(entry->location);
                    first = i == 0 ? entry->location : first;
                }
            }
            const Error error{ErrorClass::invalid, "graph.cycle",
                              "connections depend on each other in a circle: " + path +
                                  draft(cycle.front()).plan.name + " (" + edges +
                                  "); remove one of these entries",
                              first};
            for (const std::size_t member : cycle) {
                draft(member).fail(error);
            }
        }
    }

    /// In the order of the dependencies, because abstract ones supply defaults to their dependents.
    void merge_configurations() {
        const config::InstanceOverrides no_overrides;
        for (const std::size_t number : order_) {
            InstanceDraft& instance = draft(number);
            if (instance.plan.manifest == nullptr || !instance.enabled()) {
                continue;
            }
            std::vector<const config::Value*> defaults;
            bool complete = true;
            for (const std::size_t dependency : graph_[number]) {
                const InstancePlan& plan = draft(dependency).plan;
                if (plan.is_abstract && plan.manifest != nullptr) {
                    complete = complete && plan.state == PlanState::planned;
                    defaults.push_back(&plan.manifest->config);
                }
            }
            if (!complete) {
                continue;  // a key that only the failed one defines would look unknown
            }
            auto merged = config::merge_instance_config(
                *instance.plan.manifest,
                instance.entry == nullptr ? no_overrides : instance.entry->overrides, defaults);
            if (!merged) {
                for (Error& error : merged.error()) {
                    instance.fail(std::move(error));
                }
                continue;
            }
            use_merged(instance, std::move(*merged));
        }
    }

    static void use_merged(InstanceDraft& instance, config::ConnectionManifest merged) {
        InstancePlan& plan = instance.plan;
        plan.config_json = config::to_json(merged.config);
        plan.cert_requests = merged.cert_requests;
        plan.is_abstract = merged.is_abstract;
        plan.manifest = std::make_shared<const config::ConnectionManifest>(std::move(merged));
        if (!plan.is_abstract && plan.library.empty() && plan.state == PlanState::planned) {
            instance.fail(
                {ErrorClass::invalid, "graph.no_library",
                 '`' + plan.name + "` is not abstract, but " + plan.folder + " holds no library",
                 plan.location});
        }
    }

    /// Whoever needs a failed instance fails too, and says because of whom.
    void spread_failures() {
        std::vector<std::vector<std::size_t>> dependents(graph_.size());
        std::queue<std::size_t> failed;
        for (std::size_t i = 0; i < graph_.size(); ++i) {
            for (const std::size_t dependency : graph_[i]) {
                dependents[dependency].push_back(i);
            }
            if (draft(i).plan.state == PlanState::failed) {
                failed.push(i);
            }
        }
        while (!failed.empty()) {
            const std::size_t cause = failed.front();
            failed.pop();
            for (const std::size_t dependent : dependents[cause]) {
                InstanceDraft& instance = draft(dependent);
                if (instance.plan.state != PlanState::planned) {
                    continue;
                }
                const DependencyPlan* entry = edge(dependent, cause);
                instance.fail({ErrorClass::failed, "graph.dependency_failed",
                               '`' + instance.plan.name + "` needs `" + draft(cause).plan.name +
                                   "`, which cannot start [" +
                                   draft(cause).plan.errors.front().code + ']',
                               entry == nullptr ? SourceLocation{} : entry->location});
                failed.push(dependent);
            }
        }
    }

    void check_routes() {
        std::vector<config::KnownInstance> known;
        for (std::size_t i = 0; i < graph_.size(); ++i) {
            known.push_back({draft(i).plan.name, draft(i).plan.component_id});
        }
        for (Error& error : config::check_references(configuration_, known)) {
            // Bindings were judged with the graph.
            const bool of_binding = std::any_of(
                configuration_.connections.begin(), configuration_.connections.end(),
                [&](const config::ConnectionInstance& entry) {
                    return std::any_of(
                        entry.bind.begin(), entry.bind.end(), [&](const config::Binding& binding) {
                            return binding.location.line == error.location.line &&
                                   binding.location.column == error.location.column &&
                                   binding.location.line != 0;
                        });
                });
            if (!of_binding) {
                plan_.problems.push_back(std::move(error));
            }
        }
        for (const config::InboundRoute& route : configuration_.inbound) {
            for (const config::Reference& target : route.to) {
                if (const auto number = target_of_route(target.id, target.location, known)) {
                    draft(*number).plan.consumer = true;
                }
            }
        }
        for (const config::DefaultRoute& route : configuration_.default_routing) {
            static_cast<void>(target_of_route(route.connection, route.location, known));
        }
        if (configuration_.default_connection) {
            static_cast<void>(target_of_route(configuration_.default_connection->id,
                                              configuration_.default_connection->location, known));
        }
    }

    std::optional<std::size_t> target_of_route(const std::string& id,
                                               const SourceLocation& location,
                                               const std::vector<config::KnownInstance>& known) {
        const auto number = config::find_instance(id, known);
        if (number && draft(*number).plan.state != PlanState::planned) {
            const InstancePlan& plan = draft(*number).plan;
            plan_.warnings.push_back(
                {ErrorClass::invalid, "routing.target_not_running",
                 "a route leads to `" + plan.name + "`, which " +
                     (plan.state == PlanState::disabled ? "is disabled" : "cannot start"),
                 location});
        }
        return number;
    }

    Plan finish() {
        std::vector<bool> moved(graph_.size(), false);
        for (const std::size_t number : order_) {
            if (draft(number).plan.state == PlanState::planned) {
                plan_.instances.push_back(std::move(draft(number).plan));
                moved[number] = true;
            }
        }
        for (std::size_t i = 0; i < graph_.size(); ++i) {
            if (moved[i]) {
                continue;
            }
            InstancePlan& plan = draft(i).plan;
            if (plan.state == PlanState::planned) {
                draft(i).fail({ErrorClass::invalid, "graph.cycle",
                               '`' + plan.name + "` is in one of the many further circles",
                               plan.location});
            }
            if (plan.required && plan.state == PlanState::failed) {
                for (const Error& error : plan.errors) {
                    plan_.problems.push_back(error);
                }
            }
            plan_.left_out.push_back(std::move(plan));
        }
        std::vector<Error>& warnings = set_.warnings();
        plan_.warnings.insert(plan_.warnings.begin(), warnings.begin(), warnings.end());
        return std::move(plan_);
    }

    const config::HostConfiguration& configuration_;
    InstanceSet set_;
    /// Drafts in the order of their names.
    std::vector<std::size_t> by_name_;
    DependencyGraph graph_;
    std::vector<std::size_t> order_;
    Plan plan_;
};

}  // namespace

Plan resolve(const config::HostConfiguration& configuration, const Catalogue& catalogue) {
    return Resolution(configuration, catalogue).run();
}

}  // namespace patchbay::plugins
