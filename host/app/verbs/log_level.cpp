// SPDX-License-Identifier: Apache-2.0
#include "app/control_target.hpp"
#include "app/exit_code.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace patchbay::app {

namespace {

struct LogLevelOptions {
    ControlTarget target;
    std::vector<std::string> words;
    bool json = false;
};

int log_level(const LogLevelOptions& options, Invocation& invocation) {
    nlohmann::json arguments = nlohmann::json::object();
    if (!options.words.empty()) {
        arguments["level"] = options.words.back();
    }
    if (options.words.size() == 2) {
        arguments["name"] = options.words.front();
    }
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<nlohmann::json> levels = client->request("log-level", arguments);
    if (!levels) {
        const bool misspelt = levels.error().code == "log.unknown_level";
        const int code = print_control_failure(invocation.err, levels.error());
        return misspelt ? exit_usage : code;
    }
    if (options.json) {
        invocation.out << levels->dump(2) << '\n';
        return exit_ok;
    }
    invocation.out << levels->value("level", "") << '\n';
    for (const auto& [name, level] : levels->value("levels", nlohmann::json::object()).items()) {
        invocation.out << name << '=' << level.get<std::string>() << '\n';
    }
    return exit_ok;
}

}  // namespace

void add_log_level(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand("log-level", "Show or set the log levels of a running host");
    const auto options = std::make_shared<LogLevelOptions>();
    verb.add_option("level", options->words,
                    "[NAME] LEVEL: the level for everything, or for one subsystem or instance; "
                    "NAME default takes its own level away")
        .words(0, 2);
    add_control_target(verb, options->target);
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return log_level(*options, invocation); };
    });
}

}  // namespace patchbay::app
