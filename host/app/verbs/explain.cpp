// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "app/host_view.hpp"
#include "app/plan_output.hpp"
#include "app/problem_output.hpp"
#include "app/unknown_id.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace patchbay::app {

namespace {

using nlohmann::ordered_json;

struct ExplainOptions {
    std::string id;
    std::string config;
    bool json = false;
};

/// The reasons, one sentence each, from the folder to the plan.
class Explanation {
  public:
    explicit Explanation(const HostView& view) : view_(view) {}

    void instance(const plugins::InstancePlan& plan) {
        say("The instance '" + plan.name + "' of " + plan.class_id + ' ' + origin(plan) + '.');
        if (plan.is_abstract) {
            say("It is abstract: it carries no traffic, but supplies its dependents.");
        }
        for (const plugins::DependencyPlan& dependency : plan.dependencies) {
            say("It needs " + dependency.public_id +
                (dependency.instance.empty()
                     ? ", which could not be bound to an instance."
                     : ", which is the instance '" + dependency.instance + "'."));
        }
        for (const plugins::InstancePlan* other : all_instances(view_.plan)) {
            for (const plugins::DependencyPlan& dependency : other->dependencies) {
                if (dependency.instance == plan.name) {
                    say("'" + other->name + "' needs it.");
                }
            }
        }
        verdict(plan);
    }

    void plugin(const plugins::FoundPlugin& plugin) {
        say("The plugin " + plugin.label() + " is in " + plugin.folder + " (" +
            std::string(plugins::describe(plugin.origin)) + ").");
        if (!plugin.loadable()) {
            say("It cannot be loaded:");
            problems_ = plugin.errors;
            loaded_ = false;
        }
    }

    void not_planned(const plugins::FoundPlugin& plugin) {
        this->plugin(plugin);
        loaded_ = false;
        if (plugin.manifest && plugin.manifest->is_abstract) {
            say("It is abstract and nothing lists it among its `connections`, so it is not "
                "needed.");
        } else if (plugin.autostart) {
            say("Its folder has `autostart`, but no instance was made of it.");
        } else {
            say("No entry under `connections` names it, and its folder has no `autostart`, so no "
                "instance of it is started.");
        }
    }

    void say(std::string sentence) { sentences_.push_back(std::move(sentence)); }

    int print(bool json, Invocation& invocation) const {
        if (json) {
            invocation.out << ordered_json{{"starts", loaded_},
                                           {"reasons", sentences_},
                                           {"errors", problems_json(problems_)}}
                                  .dump(2)
                           << '\n';
        } else {
            for (const std::string& sentence : sentences_) {
                invocation.out << sentence << '\n';
            }
            print_problems(invocation.out, "error", problems_);
        }
        return exit_ok;
    }

  private:
    [[nodiscard]] static std::string origin(const plugins::InstancePlan& plan) {
        if (plan.automatic) {
            return plan.is_abstract ? "exists because a dependent lists it"
                                    : "exists because its folder has `autostart`";
        }
        return "is configured at " + plan.location.file + ':' + std::to_string(plan.location.line);
    }

    void verdict(const plugins::InstancePlan& plan) {
        switch (plan.state) {
            case plugins::PlanState::planned: {
                std::size_t place = 0;
                while (view_.plan.instances[place].name != plan.name) {
                    ++place;
                }
                say("It starts as number " + std::to_string(place + 1) + " of " +
                    std::to_string(view_.plan.instances.size()) + '.');
                return;
            }
            case plugins::PlanState::disabled:
                say("It is not started: its entry says `enabled: false`.");
                break;
            case plugins::PlanState::failed:
                say("It is not started:");
                problems_.insert(problems_.end(), plan.errors.begin(), plan.errors.end());
                break;
        }
        loaded_ = false;
    }

    const HostView& view_;
    std::vector<std::string> sentences_;
    std::vector<Error> problems_;
    bool loaded_ = true;
};

int explain(const ExplainOptions& options, Invocation& invocation) {
    HostView view;
    if (options.config.empty()) {
        view = view_without_configuration();
    } else {
        config::Checked<HostView> loaded = load_host_view(options.config);
        if (!loaded) {
            print_problems(invocation.err, "error", loaded.error());
            return exit_configuration;
        }
        view = std::move(*loaded);
    }
    Explanation explanation(view);
    if (const plugins::InstancePlan* instance = view.plan.find(options.id)) {
        explanation.instance(*instance);
        return explanation.print(options.json, invocation);
    }
    const plugins::FoundPlugin* plugin = view.catalogue.find(options.id);
    for (const plugins::FoundPlugin& candidate : view.catalogue.plugins) {
        if (plugin == nullptr && candidate.manifest && candidate.manifest->name == options.id) {
            plugin = &candidate;
        }
    }
    if (plugin == nullptr) {
        print_problem(invocation.err, "error", unknown_id(view, options.id));
        return exit_failed;
    }
    const std::vector<const plugins::InstancePlan*> instances = instances_of(view.plan, *plugin);
    if (instances.empty()) {
        explanation.not_planned(*plugin);
    } else {
        explanation.plugin(*plugin);
        for (const plugins::InstancePlan* instance : instances) {
            explanation.instance(*instance);
        }
    }
    return explanation.print(options.json, invocation);
}

}  // namespace

void add_explain(Command root, Invocation& invocation) {
    Command verb =
        root.add_subcommand("explain", "Why an instance or a plugin is started, or why it is not");
    const auto options = std::make_shared<ExplainOptions>();
    verb.add_option("id", options->id, "Instance name or public id").required();
    verb.add_option("-c,--config", options->config, "Host configuration")
        .environment("PATCHBAY_CONFIG");
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return explain(*options, invocation); };
    });
}

}  // namespace patchbay::app
