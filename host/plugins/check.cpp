// SPDX-License-Identifier: Apache-2.0
#include "plugins/check.hpp"

#include "config/problems.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <tuple>

namespace patchbay::plugins {

namespace {

/// Keeps the first of equal errors: a broken plugin tells through each of its instances, a cycle
/// through each of its members.
class Collector {
  public:
    explicit Collector(std::vector<Error>& target) : target_(target) {}
    void add(const Error& error) {
        if (seen_
                .emplace(error.code, error.message, error.location.file, error.location.line,
                         error.location.column)
                .second) {
            target_.push_back(error);
        }
    }
    void add(const std::vector<Error>& errors) {
        for (const Error& error : errors) {
            add(error);
        }
    }

  private:
    std::vector<Error>& target_;
    std::set<std::tuple<std::string, std::string, std::string, std::uint32_t, std::uint32_t>> seen_;
};

}  // namespace

CheckReport check(const Catalogue& catalogue, const Plan& plan) {
    CheckReport report;
    Collector problems(report.problems);
    Collector warnings(report.warnings);
    problems.add(catalogue.problems);
    problems.add(plan.problems);
    for (const InstancePlan& instance : plan.left_out) {
        for (const Error& error : instance.errors) {
            // Of a plugin that nobody named, its own errors say enough.
            if (error.code != "graph.class_broken" || !error.location.file.empty()) {
                problems.add(error);
            }
        }
    }
    std::set<std::string> used;
    for (const std::vector<InstancePlan>* group : {&plan.instances, &plan.left_out}) {
        for (const InstancePlan& instance : *group) {
            used.insert(instance.folder);
        }
    }
    warnings.add(plan.warnings);
    for (const FoundPlugin& plugin : catalogue.plugins) {
        // One whose connection.yaml cannot be read may be the one that was meant.
        const bool matters =
            plugin.autostart || plugin.manifest == nullptr || used.count(plugin.folder) > 0;
        (matters ? problems : warnings).add(plugin.errors);
        warnings.add(plugin.warnings);
    }
    config::tidy(report.problems);
    config::tidy(report.warnings);
    return report;
}

}  // namespace patchbay::plugins
