// SPDX-License-Identifier: Apache-2.0
#include "app/control_target.hpp"
#include "app/exit_code.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

/// Above what several connects take by the host's own limits.
constexpr std::chrono::minutes enable_patience{60};

struct EnableOptions {
    ControlTarget target;
    std::string id;
    bool all = false;
    bool cascade = false;
    bool json = false;
};

/// False: it is not connected.
bool print_enabled(const nlohmann::json& entry, Invocation& invocation) {
    const std::string name = entry.value("name", "");
    if (entry.contains("error")) {
        invocation.err << name
                       << ": enabled, but not connected: " << entry["error"].value("message", "")
                       << " [" << entry["error"].value("code", "") << "]\n";
        return false;
    }
    invocation.out << name
                   << (entry.value("already", false) ? ": enabled already\n" : ": enabled\n");
    return true;
}

int enable(const EnableOptions& options, Invocation& invocation) {
    if (options.all != options.id.empty()) {
        invocation.err << "patchbay enable: name an instance, or give --all.\n";
        return exit_usage;
    }
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<nlohmann::json> answer = client->request(
        "enable", {{"id", options.id}, {"all", options.all}, {"cascade", options.cascade}},
        enable_patience);
    if (!answer) {
        return print_control_failure(invocation.err, answer.error());
    }
    if (options.json) {
        invocation.out << answer->dump(2) << '\n';
    }
    bool well = true;
    for (const nlohmann::json& entry : answer->value("enabled", nlohmann::json::array())) {
        well = (options.json ? !entry.contains("error") : print_enabled(entry, invocation)) && well;
    }
    if (!options.json && answer->value("inbound_stopped", false)) {
        invocation.err << "The host is drained, and takes no inbound envelopes until `patchbay "
                          "enable --all`.\n";
    }
    return well ? exit_ok : exit_failed;
}

}  // namespace

void add_enable(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand(
        "enable", "Connect a disabled instance, or let a drained one take inbound envelopes again");
    const auto options = std::make_shared<EnableOptions>();
    verb.add_option("ID", options->id, "Instance or public id");
    verb.add_flag("--all", options->all,
                  "Whatever is disabled or drained, and the host when it is drained");
    verb.add_flag("--cascade", options->cascade,
                  "Enable the instances that it depends on before it");
    add_control_target(verb, options->target);
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return enable(*options, invocation); };
    });
}

}  // namespace patchbay::app
