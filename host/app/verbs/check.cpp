// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "app/host_view.hpp"
#include "app/plan_output.hpp"
#include "app/problem_output.hpp"
#include "app/text_table.hpp"
#include "app/verbs/verbs.hpp"
#include "config/effective_configuration.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

using nlohmann::ordered_json;

struct CheckOptions {
    std::string path;
    bool json = false;
};

void print_view(const HostView& view, std::ostream& out) {
    std::vector<std::vector<std::string>> rows;
    std::size_t number = 0;
    for (const plugins::InstancePlan& instance : view.plan.instances) {
        std::string needs;
        for (const plugins::DependencyPlan& dependency : instance.dependencies) {
            needs += (needs.empty() ? "needs " : ", ") + dependency.instance;
        }
        rows.push_back({std::to_string(++number), instance.name, instance.class_id,
                        instance.is_abstract ? "abstract" : "", needs});
    }
    for (const plugins::InstancePlan& instance : view.plan.left_out) {
        rows.push_back({"-", instance.name, instance.class_id, to_string(instance.state)});
    }
    out << "instances, in the order of their start:\n" << text_table(rows, 2);
}

int check(const CheckOptions& options, Invocation& invocation) {
    const config::Checked<HostView> view = load_host_view(options.path);
    const std::vector<Error> errors = view ? errors_of(*view) : view.error();
    const std::vector<Error> warnings = view ? warnings_of(*view) : std::vector<Error>();
    if (options.json) {
        ordered_json json = {{"ok", errors.empty()},
                             {"errors", problems_json(errors)},
                             {"warnings", problems_json(warnings)}};
        if (view) {
            json["instances"] = ordered_json::array();
            for (const plugins::InstancePlan* instance : all_instances(view->plan)) {
                json["instances"].push_back(to_json(*instance));
            }
            json["configuration"] = ordered_json::parse(
                config::to_json(config::effective_configuration(view->configuration)));
        }
        invocation.out << json.dump(2) << '\n';
    } else {
        print_problems(invocation.err, "error", errors);
        print_problems(invocation.err, "warning", warnings);
        if (view) {
            print_view(*view, invocation.out);
        }
        invocation.out << options.path << ": "
                       << (errors.empty() ? std::string("ok")
                                          : std::to_string(errors.size()) +
                                                (errors.size() == 1 ? " error" : " errors"));
        if (!warnings.empty()) {
            invocation.out << ", " << warnings.size()
                           << (warnings.size() == 1 ? " warning" : " warnings");
        }
        invocation.out << '\n';
    }
    return errors.empty() ? exit_ok : exit_configuration;
}

}  // namespace

void add_check(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand(
        "check", "Check a host configuration and its plugins without running their code");
    const auto options = std::make_shared<CheckOptions>();
    verb.add_option("config", options->path, "Host configuration").required();
    verb.add_flag("--json", options->json, "Print JSON, with every default filled in");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return check(*options, invocation); };
    });
}

}  // namespace patchbay::app
