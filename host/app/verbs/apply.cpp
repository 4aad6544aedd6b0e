// SPDX-License-Identifier: Apache-2.0
#include "app/control_target.hpp"
#include "app/exit_code.hpp"
#include "app/problem_output.hpp"
#include "app/verbs/verbs.hpp"
#include "control/protocol.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

using nlohmann::json;

struct ApplyOptions {
    ControlTarget target;
    bool dry_run = false;
    bool json = false;
};

std::string joined(const json& words, const std::string& separator) {
    std::string text;
    for (const json& word : words) {
        text += (text.empty() ? "" : separator) + word.get<std::string>();
    }
    return text;
}

void print_errors(const json& errors, const char* kind, Invocation& invocation) {
    for (const json& error : errors) {
        print_problem(invocation.err, kind, control::error_from(error));
    }
}

void print_changes(const json& answer, Invocation& invocation) {
    for (const json& change : answer.value("changes", json::array())) {
        const std::string name = change.value("instance", "");
        const std::string action = change.value("action", "");
        const std::string parts = joined(change.value("parts", json::array()), ", ");
        if (change.contains("error")) {
            // Those that come or go did so; what was to be changed runs on as it was.
            const bool done = action == "added" || action == "removed";
            invocation.err << name << ": " << (done ? action + ", but " : "not " + action + ": ")
                           << change["error"].value("message", "") << " ["
                           << change["error"].value("code", "") << "]\n";
        } else {
            invocation.out << name << ": " << action << (parts.empty() ? "" : " (" + parts + ')')
                           << '\n';
        }
        if (const auto abandoned = change.value("abandoned", 0U); abandoned != 0) {
            invocation.err << name << ": " << abandoned << " envelopes were left over\n";
        }
    }
}

/// Those that did something.
void print_reloads(const json& reloads, Invocation& invocation) {
    for (const json& entry : reloads) {
        const std::string name = entry.value("instance", "");
        if (entry.contains("error")) {
            invocation.err << name << ": not reloaded: " << entry["error"].value("message", "")
                           << " [" << entry["error"].value("code", "") << "]\n";
        } else if (!entry["report"].value("unchanged", true)) {
            invocation.out << name << ": reloaded, generation "
                           << entry["report"].value("generation", 0) << '\n';
        }
    }
}

void print(const json& answer, Invocation& invocation) {
    const bool refused = !answer.value("problems", json::array()).empty();
    if (refused) {
        print_errors(answer["problems"], "error", invocation);
        invocation.err << "Nothing was changed.\n";
        return;
    }
    print_changes(answer, invocation);
    const std::size_t unchanged = answer.value("unchanged", json::array()).size();
    invocation.out << unchanged << (unchanged == 1 ? " instance" : " instances")
                   << (answer.value("dry_run", false) ? " would not be touched\n" : " untouched\n");
    if (const std::string keys = joined(answer.value("needs_restart", json::array()), ", ");
        !keys.empty()) {
        invocation.err << "needs a restart: " << keys << '\n';
    }
    print_errors(answer.value("kept", json::array()), "kept running", invocation);
    for (const json& failed : answer.value("failed", json::array())) {
        invocation.err << failed.value("instance", "") << " cannot be started:\n";
        print_errors(failed.value("errors", json::array()), "error", invocation);
    }
    print_reloads(answer.value("reloads", json::array()), invocation);
}

/// Something is not as the configuration says.
bool is_well(const json& answer) {
    if (!answer.value("problems", json::array()).empty() ||
        !answer.value("kept", json::array()).empty() ||
        !answer.value("failed", json::array()).empty()) {
        return false;
    }
    for (const char* list : {"changes", "reloads"}) {
        for (const json& entry : answer.value(list, json::array())) {
            if (entry.contains("error")) {
                return false;
            }
        }
    }
    return true;
}

int apply(const ApplyOptions& options, Invocation& invocation) {
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<json> answer = client->request("apply", {{"dry_run", options.dry_run}});
    if (!answer) {
        return print_control_failure(invocation.err, answer.error());
    }
    if (options.json) {
        invocation.out << answer->dump(2) << '\n';
    } else {
        print(*answer, invocation);
    }
    return is_well(*answer) ? exit_ok : exit_failed;
}

}  // namespace

void add_apply(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand(
        "apply", "Apply the edited configuration and the plugin folders to a running host");
    const auto options = std::make_shared<ApplyOptions>();
    verb.add_flag("--dry-run", options->dry_run, "Only print what would be changed");
    add_control_target(verb, options->target);
    verb.add_flag("--json", options->json, "Print JSON");
    verb.footer(
        "The host reads its own configuration file and its plugin folders again. Only instances\n"
        "that differ are touched; plugins whose libraries changed are reloaded afterwards. An\n"
        "invalid configuration changes nothing. SIGHUP does the same. Exit codes: 0 the host is\n"
        "as configured; 1 it was refused, or something could not be done.");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return apply(*options, invocation); };
    });
}

}  // namespace patchbay::app
