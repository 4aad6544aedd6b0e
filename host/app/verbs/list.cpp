// SPDX-License-Identifier: Apache-2.0
#include "app/control_request.hpp"
#include "app/exit_code.hpp"
#include "app/host_view.hpp"
#include "app/plan_output.hpp"
#include "app/problem_output.hpp"
#include "app/text_table.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

using nlohmann::ordered_json;

struct ListOptions {
    std::string path;
    bool json = false;
};

/// What the running host says of its instances: name to state. Empty when none runs.
std::map<std::string, std::string> running_states(const HostView& view) {
    std::map<std::string, std::string> states;
    const Result<nlohmann::json> status =
        control_request(view.configuration, "status", nlohmann::json::object());
    if (status && status->contains("instances")) {
        for (const nlohmann::json& instance : (*status)["instances"]) {
            states[instance.value("name", "")] = instance.value("state", "");
        }
    }
    return states;
}

class Listing {
  public:
    Listing(const HostView& view, const std::map<std::string, std::string>& states)
        : view_(view), states_(states) {}

    [[nodiscard]] std::string state_of(const plugins::InstancePlan& instance) const {
        const auto live = states_.find(instance.name);
        return live != states_.end() ? live->second : to_string(instance.state);
    }

    [[nodiscard]] std::string text() const {
        std::vector<std::vector<std::string>> rows = {
            {"PLUGIN", "INSTANCE", "STATE", "REASON OR FOLDER"}};
        for (const plugins::FoundPlugin& plugin : view_.catalogue.plugins) {
            const auto instances = instances_of(view_.plan, plugin);
            if (instances.empty()) {
                rows.push_back({plugin.label(), "-", plugin.loadable() ? "found" : "broken",
                                plugin.loadable() ? plugin.folder : first_reason(plugin.errors)});
            }
            for (const plugins::InstancePlan* instance : instances) {
                rows.push_back(
                    {plugin.label(), instance->name, state_of(*instance),
                     instance->errors.empty() ? plugin.folder : first_reason(instance->errors)});
            }
        }
        for (const plugins::InstancePlan* instance : all_instances(view_.plan)) {
            if (instance->folder.empty()) {
                rows.push_back({instance->class_id, instance->name, state_of(*instance),
                                first_reason(instance->errors)});
            }
        }
        return text_table(rows);
    }

    [[nodiscard]] ordered_json json() const {
        ordered_json folders = ordered_json::array();
        for (const plugins::SearchedFolder& folder : view_.catalogue.folders) {
            folders.push_back(to_json(folder));
        }
        ordered_json plugins = ordered_json::array();
        for (const plugins::FoundPlugin& plugin : view_.catalogue.plugins) {
            plugins.push_back(to_json(plugin));
        }
        ordered_json instances = ordered_json::array();
        for (const plugins::InstancePlan* instance : all_instances(view_.plan)) {
            instances.push_back(to_json(*instance));
            instances.back()["state"] = state_of(*instance);
        }
        return {{"running", !states_.empty()},
                {"folders", std::move(folders)},
                {"plugins", std::move(plugins)},
                {"instances", std::move(instances)}};
    }

  private:
    const HostView& view_;
    const std::map<std::string, std::string>& states_;
};

int list(const ListOptions& options, Invocation& invocation) {
    HostView view;
    std::map<std::string, std::string> states;
    if (options.path.empty()) {
        view = view_without_configuration();
    } else {
        config::Checked<HostView> loaded = load_host_view(options.path);
        if (!loaded) {
            print_problems(invocation.err, "error", loaded.error());
            return exit_configuration;
        }
        view = std::move(*loaded);
        states = running_states(view);
    }
    const Listing listing(view, states);
    if (options.json) {
        invocation.out << listing.json().dump(2) << '\n';
        return exit_ok;
    }
    invocation.out << listing.text();
    for (const plugins::SearchedFolder& folder : view.catalogue.folders) {
        if (folder.problem) {
            print_problem(invocation.err, "warning", *folder.problem);
        }
    }
    if (view.catalogue.plugins.empty()) {
        invocation.out << "No plugins found; " << view.catalogue.searched_text() << '\n';
    }
    return exit_ok;
}

}  // namespace

void add_list(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand(
        "list", "Plugins that were found, their instances, and why one is not running");
    const auto options = std::make_shared<ListOptions>();
    verb.add_option("config", options->path,
                    "Host configuration; without one PATCHBAY_PLUGIN_PATH and the installed "
                    "plugins are shown")
        .environment("PATCHBAY_CONFIG");
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return list(*options, invocation); };
    });
}

}  // namespace patchbay::app
