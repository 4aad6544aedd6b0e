// SPDX-License-Identifier: Apache-2.0
#include "app/live_configuration.hpp"

#include "app/configuration_difference.hpp"
#include "app/log_settings.hpp"
#include "app/routing_view.hpp"
#include "plugins/discovery.hpp"
#include "plugins/resolver.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace patchbay::app {

namespace {

std::set<std::string> names_of(const std::vector<plugins::InstancePlan>& instances) {
    std::set<std::string> names;
    for (const plugins::InstancePlan& instance : instances) {
        names.insert(instance.name);
    }
    return names;
}

bool because_of_dependencies(const plugins::InstancePlan& failed) {
    return std::all_of(failed.errors.begin(), failed.errors.end(), [](const Error& error) {
        return error.code.rfind("graph.dependency_", 0) == 0;
    });
}

/// Everything that stands against the plan: what would have kept the host from starting, and
/// instances that run and could not be started again.
std::vector<Error> problems_of(const HostView& next, const plugins::Plan& running,
                               ConfigurationScope scope) {
    std::vector<Error> problems = next.catalogue.problems;
    problems.insert(problems.end(), next.plan.problems.begin(), next.plan.problems.end());
    const std::set<std::string> runs = names_of(running.instances);
    for (const plugins::InstancePlan& instance : next.plan.left_out) {
        // Whoever took a plugin's folder away meant its dependents, too; a file was edited in vain.
        const bool meant =
            scope == ConfigurationScope::folders && because_of_dependencies(instance);
        if (instance.state == plugins::PlanState::failed && runs.count(instance.name) != 0 &&
            !meant) {
            problems.insert(problems.end(), instance.errors.begin(), instance.errors.end());
        }
    }
    config::tidy(problems);
    return problems;
}

std::string listed(const std::vector<plugins::AppliedInstance>& instances,
                   plugins::ChangeKind kind) {
    std::string text;
    for (const plugins::AppliedInstance& each : instances) {
        if (to_string(each.kind) == to_string(kind)) {
            text += (text.empty() ? "" : ", ") + each.name;
            text += each.error ? " (not as planned)" : "";
        }
    }
    return text;
}

std::string summary(const plugins::ApplyReport& report) {
    std::string text;
    for (const plugins::ChangeKind kind :
         {plugins::ChangeKind::added, plugins::ChangeKind::removed, plugins::ChangeKind::replaced,
          plugins::ChangeKind::renewed}) {
        if (const std::string names = listed(report.instances, kind); !names.empty()) {
            text += (text.empty() ? "" : "; ") + std::string(to_string(kind)) + ' ' + names;
        }
    }
    return (text.empty() ? "no instance had to be touched" : text) + "; " +
           std::to_string(report.unchanged.size()) + " untouched";
}

}  // namespace

LiveConfiguration::LiveConfiguration(HostView view, std::string path, events::EventHub& hub)
    : path_(std::move(path)), hub_(hub), view_(std::make_shared<const HostView>(std::move(view))) {
    for (const plugins::InstancePlan& instance : view_->plan.left_out) {
        for (const Error& error : instance.errors) {
            told_.insert(to_string(error));  // by the start
        }
    }
    for (const Error& warning : warnings_of(*view_)) {
        told_.insert(to_string(warning));
    }
}

std::shared_ptr<const HostView> LiveConfiguration::view() const {
    const std::lock_guard lock(mutex_);
    return view_;
}

config::Checked<HostView> LiveConfiguration::load(ConfigurationScope scope,
                                                  const HostView& running) const {
    if (scope == ConfigurationScope::everything) {
        return load_host_view(path_);
    }
    HostView next;
    next.configuration = running.configuration;
    next.catalogue = plugins::discover(plugins::discovery_options(next.configuration));
    next.plan = plugins::resolve(next.configuration, next.catalogue);
    return next;
}

ConfigurationOutcome LiveConfiguration::apply(plugins::ConnectionHost& connections,
                                              ConfigurationScope scope, bool dry_run) {
    ConfigurationOutcome outcome;
    outcome.dry_run = dry_run;
    const std::shared_ptr<const HostView> before = view();
    config::Checked<HostView> next = load(scope, *before);
    if (!next) {
        outcome.problems = std::move(next.error());
    } else {
        const plugins::Plan running = connections.running();
        outcome.needs_restart = keep_for_restart(next->configuration, before->configuration);
        outcome.kept = plugins::keep_running(next->plan, next->catalogue, running);
        outcome.problems = problems_of(*next, running, scope);
        outcome.difference = plugins::difference(running, next->plan);
        std::copy_if(next->plan.left_out.begin(), next->plan.left_out.end(),
                     std::back_inserter(outcome.failed), [](const plugins::InstancePlan& plan) {
                         return plan.state == plugins::PlanState::failed;
                     });
    }
    if (!outcome.refused() && !dry_run) {
        register_secrets(hub_.redactor(), *next);  // before anything can tell them
        auto applied = connections.apply({next->plan, routing_table(next->configuration),
                                          next->configuration.shutdown.drain_timeout});
        if (applied) {
            outcome.report = std::move(*applied);
        } else {
            outcome.problems.push_back(applied.error());
        }
    }
    if (dry_run) {
        return outcome;
    }
    if (outcome.refused()) {
        ++refused_;
        tell_refusal(outcome, scope);
        return outcome;
    }
    ++applied_;
    change_levels(hub_.levels(), before->configuration.log, next->configuration.log);
    if (scope == ConfigurationScope::everything) {
        told_.clear();  // who asked wants to hear it
    }
    if (scope == ConfigurationScope::everything || !outcome.report.instances.empty()) {
        tell(outcome, scope);
    }
    tell_news(outcome, *next);
    const std::lock_guard lock(mutex_);
    view_ = std::make_shared<const HostView>(std::move(*next));
    return outcome;
}

void LiveConfiguration::tell_refusal(const ConfigurationOutcome& outcome,
                                     ConfigurationScope scope) {
    std::string text;
    for (const Error& problem : outcome.problems) {
        text += (text.empty() ? "" : "; ") + to_string(problem);
    }
    text =
        "The change of the " +
        std::string(scope == ConfigurationScope::everything ? "configuration" : "plugin folders") +
        " was refused and nothing was changed: " + text + '.';
    if (scope == ConfigurationScope::everything || told_.insert(text).second) {
        hub_.publish({events::Level::error, "host", "configuration.refused", std::move(text)});
    }
}

void LiveConfiguration::tell(const ConfigurationOutcome& outcome, ConfigurationScope scope) {
    hub_.publish({outcome.report.ok() ? events::Level::info : events::Level::warning, "host",
                  "configuration.applied",
                  (scope == ConfigurationScope::everything
                       ? "The configuration was applied: "
                       : "What changed in the plugin folders was applied: ") +
                      summary(outcome.report) + '.'});
    if (!outcome.needs_restart.empty()) {
        std::string keys;
        for (const std::string& key : outcome.needs_restart) {
            keys += (keys.empty() ? "`" : ", `") + key + '`';
        }
        hub_.publish({events::Level::warning, "host", "configuration.needs_restart",
                      "These keys changed and need a restart; until then the host goes on with "
                      "their former values: " +
                          keys + '.'});
    }
}

void LiveConfiguration::tell_news(const ConfigurationOutcome& outcome, const HostView& next) {
    std::set<std::string> now;
    for (const Error& error : outcome.kept) {
        tell_once(events::Level::warning, "An instance runs on as it was: ", error, {}, now);
    }
    for (const plugins::InstancePlan& failed : outcome.failed) {
        const std::string prefix = '\'' + failed.name + "' is not started: ";
        for (const Error& error : failed.errors) {
            tell_once(events::Level::error, prefix.c_str(), error, failed.name, now);
        }
    }
    for (const Error& warning : warnings_of(next)) {
        tell_once(events::Level::warning, "", warning, {}, now);
    }
    told_ = std::move(now);
}

void LiveConfiguration::tell_once(events::Level level, const char* prefix, const Error& error,
                                  const std::string& instance, std::set<std::string>& now) {
    const std::string words = to_string(error);
    if (told_.count(words) == 0 && now.count(words) == 0) {
        hub_.publish({level, "plugins", error.code, prefix + without_code(error), instance});
    }
    now.insert(words);
}

}  // namespace patchbay::app
