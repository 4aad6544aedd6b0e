// SPDX-License-Identifier: Apache-2.0
#include "app/control_target.hpp"
#include "app/exit_code.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace patchbay::app {

namespace {

struct ReloadOptions {
    ControlTarget target;
    std::vector<std::string> ids;
    bool all = false;
    bool retry = false;
    bool cascade = false;
    bool lose_state = false;
    bool json = false;
};

std::string milliseconds(const nlohmann::json& object, const char* key) {
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), "%.3f ms", object.value(key, 0.0));
    return text.data();
}

/// False when it failed, or when something of it is worth a failure.
bool print_reloaded(const nlohmann::json& entry, Invocation& invocation) {
    const std::string asked = entry.value("instance", "");
    if (entry.contains("error")) {
        invocation.err << asked << ": not reloaded: " << entry["error"].value("message", "") << " ["
                       << entry["error"].value("code", "") << "]\n";
        return false;
    }
    const nlohmann::json report = entry.value("report", nlohmann::json::object());
    const std::string generation = "generation " + std::to_string(report.value("generation", 0)) +
                                   " of " + report.value("class_id", "");
    if (report.value("unchanged", false)) {
        invocation.out << asked << ": unchanged, " << generation << " goes on\n";
        return true;
    }
    bool well = true;
    for (const nlohmann::json& instance : report.value("instances", nlohmann::json::array())) {
        invocation.out << instance.value("name", "") << ": " << generation << ", "
                       << (report.value("probe_ms", 0.0) > 0
                               ? "tried for " + milliseconds(report, "probe_ms") + ", "
                               : std::string())
                       << "reloaded in " << milliseconds(report, "reload_ms")
                       << ", traffic paused for " << milliseconds(instance, "pause_ms") << '\n';
        if (instance.contains("error")) {
            well = false;
            invocation.err << instance.value("name", "")
                           << " is not connected: " << instance["error"].value("message", "")
                           << '\n';
        }
        if (const auto abandoned = instance.value("abandoned", 0U); abandoned != 0) {
            well = false;
            invocation.err << instance.value("name", "") << ": the old generation left "
                           << abandoned << " envelopes uncompleted\n";
        }
    }
    if (!report.value("unloaded", false)) {
        invocation.err << report.value("class_id", "")
                       << ": the old library stays mapped: " << report.value("kept_because", "")
                       << '\n';
    }
    return well;
}

int reload(const ReloadOptions& options, Invocation& invocation) {
    if (options.all != options.ids.empty()) {
        invocation.err << "patchbay reload: name instances, or give --all for every plugin.\n";
        return exit_usage;
    }
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<nlohmann::json> answer =
        client->request("reload", {{"ids", options.ids},
                                   {"retry", options.retry},
                                   {"cascade", options.cascade},
                                   {"lose_state", options.lose_state}});
    if (!answer) {
        return print_control_failure(invocation.err, answer.error());
    }
    bool well = true;
    if (options.json) {
        invocation.out << answer->dump(2) << '\n';
    }
    for (const nlohmann::json& entry : answer->value("reloads", nlohmann::json::array())) {
        well =
            (options.json ? !entry.contains("error") : print_reloaded(entry, invocation)) && well;
    }
    return well ? exit_ok : exit_failed;
}

}  // namespace

void add_reload(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand(
        "reload", "Bring changed plugin libraries into service in a running host");
    const auto options = std::make_shared<ReloadOptions>();
    verb.add_option("ID", options->ids,
                    "Instances or public ids; all instances of their plugins are reloaded");
    verb.add_flag("--all", options->all, "Every plugin of the host whose library has changed");
    verb.add_flag("--retry", options->retry,
                  "Try a library that failed before, although its bytes have not changed since");
    verb.add_flag("--cascade", options->cascade,
                  "After them also what depends on them, as far as its library has changed");
    verb.add_flag("--lose-state", options->lose_state,
                  "Also take code that does not continue the state of the running one");
    add_control_target(verb, options->target);
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return reload(*options, invocation); };
    });
}

}  // namespace patchbay::app
