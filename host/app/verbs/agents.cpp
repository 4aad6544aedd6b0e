// SPDX-License-Identifier: Apache-2.0
#include "app/control_pages.hpp"
#include "app/control_target.hpp"
#include "app/exit_code.hpp"
#include "app/text_table.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::app {

namespace {

struct AgentsOptions {
    ControlTarget target;
    std::string id;
    std::string reason;
    bool json = false;
};

int list_agents(const AgentsOptions& options, Invocation& invocation) {
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<nlohmann::json> pages = all_pages(*client, "agents-list", "agents");
    if (!pages) {
        return print_control_failure(invocation.err, pages.error());
    }
    const nlohmann::json& all = *pages;
    if (options.json) {
        invocation.out << all.dump(2) << '\n';
        return exit_ok;
    }
    if (all.empty()) {
        invocation.out << "No agents.\n";
        return exit_ok;
    }
    std::vector<std::vector<std::string>> rows = {
        {"AGENT", "NAME", "STATE", "CLAIMED", "TRANSPORT", "FROM", "SINCE", "LAST SEEN"}};
    for (const nlohmann::json& agent : all) {
        rows.push_back({agent.value("agent_id", ""), agent.value("name", ""),
                        agent.value("connected", false) ? "online" : "away",
                        agent.value("claimed", false) ? "yes" : "no", agent.value("transport", ""),
                        agent.value("remote", ""), agent.value("since", ""),
                        agent.value("last_seen", "")});
    }
    invocation.out << text_table(rows);
    return exit_ok;
}

/// Those events of agents that are changes; pings and closed sockets are not.
bool is_change(const std::string& code) {
    constexpr std::array<std::string_view, 8> changes = {
        "agent.joined",  "agent.left",   "agent.lost",    "agent.replaced",
        "agent.resumed", "agent.kicked", "agent.removed", "agent.refused"};
    return std::find(changes.begin(), changes.end(), code) != changes.end();
}

int watch_agents(const AgentsOptions& options, Invocation& invocation) {
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<void> done = client->follow(
        "events", {{"follow", true}, {"code", "agent."}}, [&](const nlohmann::json& item) {
            const std::string code = item.value("code", "");
            if (options.json) {
                if (item.contains("missed") || is_change(code)) {
                    invocation.out << item.dump() << '\n';
                }
            } else if (item.contains("missed")) {
                invocation.out << "... " << item["missed"].get<std::uint64_t>()
                               << " events missed ...\n";
            } else if (is_change(code)) {
                invocation.out << item.value("time", "") << ' ' << item.value("text", "") << '\n';
            }
            invocation.out.flush();
            return static_cast<bool>(invocation.out);
        });
    if (!done && done.error().code != "control.disconnected") {
        return print_control_failure(invocation.err, done.error());
    }
    return exit_ok;
}

int kick_agent(const AgentsOptions& options, Invocation& invocation) {
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<nlohmann::json> done =
        client->request("agents-kick", {{"agent_id", options.id}, {"reason", options.reason}});
    if (!done) {
        return print_control_failure(invocation.err, done.error());
    }
    if (options.json) {
        invocation.out << done->dump(2) << '\n';
    } else {
        invocation.out << "Agent '" << options.id << "' was removed. Its claim, if any, stays.\n";
    }
    return exit_ok;
}

Command add(Command group, Invocation& invocation, const char* name, const char* help,
            const std::shared_ptr<AgentsOptions>& options,
            int (*run)(const AgentsOptions&, Invocation&)) {
    Command verb = group.add_subcommand(name, help);
    add_control_target(verb, options->target);
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options, run] {
        invocation.action = [&invocation, options, run] { return run(*options, invocation); };
    });
    return verb;
}

}  // namespace

void add_agents(Command root, Invocation& invocation) {
    Command group = root.add_subcommand("agents", "Agents of a running host: list, watch, kick");
    const auto options = [] { return std::make_shared<AgentsOptions>(); };
    add(group, invocation, "list", "List the registered agents", options(), list_agents);
    add(group, invocation, "watch", "Tell who comes, goes, is lost or replaced", options(),
        watch_agents);
    const auto kick = options();
    Command verb = add(group, invocation, "kick", "End an agent's session; it may register again",
                       kick, kick_agent);
    verb.add_option("id", kick->id, "The agent's id").required();
    verb.add_option("--reason", kick->reason, "What the agent is told");
}

}  // namespace patchbay::app
