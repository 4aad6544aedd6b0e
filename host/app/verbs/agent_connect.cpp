// SPDX-License-Identifier: Apache-2.0
#include "app/agent_options.hpp"
#include "app/exit_code.hpp"
#include "app/problem_output.hpp"
#include "app/text_table.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace patchbay::app {

namespace {

using nlohmann::ordered_json;

int connect_and_list(const AgentOptions& options, Invocation& invocation) {
    const auto client = make_client(options);
    const Result<agent::Network> network = connect(*client, options);
    if (!network) {
        print_problem(invocation.err, "error", network.error());
        return exit_failed;
    }
    const Result<std::vector<agent::AgentInfo>> agents = client->list_agents();
    client->disconnect();
    if (!agents) {
        print_problem(invocation.err, "error", agents.error());
        return exit_failed;
    }
    if (options.json) {
        ordered_json json = {{"network_name", network->name},
                             {"network_id", network->id},
                             {"agents", ordered_json::array()}};
        for (const agent::AgentInfo& one : *agents) {
            json["agents"].push_back({{"agent_id", one.agent_id},
                                      {"name", one.name},
                                      {"connected", one.connected},
                                      {"metadata", ordered_json::parse(one.metadata)}});
        }
        invocation.out << json.dump(2) << '\n';
        return exit_ok;
    }
    std::vector<std::vector<std::string>> rows = {{"AGENT", "NAME", "CONNECTED", "METADATA"}};
    for (const agent::AgentInfo& one : *agents) {
        rows.push_back({one.agent_id, one.name, one.connected ? "yes" : "no", one.metadata});
    }
    invocation.out << "Connected to " << network->name << " (" << network->id << ").\n"
                   << text_table(rows);
    return exit_ok;
}

}  // namespace

void add_agent_connect(Command group, Invocation& invocation) {
    Command verb =
        group.add_subcommand("connect", "Register, show the network and its agents, and leave");
    const auto options = std::make_shared<AgentOptions>();
    options->add_to(verb);
    options->add_certificate_file(verb);
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] {
            return connect_and_list(*options, invocation);
        };
    });
}

}  // namespace patchbay::app
