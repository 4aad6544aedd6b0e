// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "app/host_view.hpp"
#include "app/problem_output.hpp"
#include "app/routing_view.hpp"
#include "app/verbs/verbs.hpp"
#include "multiplexer/dead_letter.hpp"
#include "multiplexer/routing.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

using nlohmann::ordered_json;

struct RouteOptions {
    std::string path;
    multiplexer::RouteQuery query;
    bool json = false;
};

ordered_json explanation_json(const multiplexer::RouteExplanation& explanation) {
    ordered_json steps = ordered_json::array();
    for (const multiplexer::RouteStep& step : explanation.steps) {
        steps.push_back({{"rule", step.rule}, {"matched", step.matched}, {"text", step.text}});
    }
    ordered_json json = {{"direction", explanation.outbound ? "outbound" : "inbound"},
                         {"steps", std::move(steps)},
                         {"destinations", explanation.destinations}};
    if (explanation.reason != 0) {
        json["dead_letter"] = multiplexer::reason_name(explanation.reason);
    }
    return json;
}

void print(const multiplexer::RouteExplanation& explanation, std::ostream& out) {
    out << (explanation.outbound ? "outbound (delivered by a consumer):\n"
                                 : "inbound (delivered by a connection):\n");
    for (const multiplexer::RouteStep& step : explanation.steps) {
        out << (step.matched ? "  * " : "  - ") << step.rule << ": " << step.text << '\n';
    }
    for (const std::string& destination : explanation.destinations) {
        out << "goes to " << destination << '\n';
    }
    if (explanation.reason != 0) {
        out << "becomes a dead letter: " << multiplexer::reason_name(explanation.reason) << '\n';
    }
}

int explain_route(const RouteOptions& options, Invocation& invocation) {
    const config::Checked<HostView> view = load_host_view(options.path);
    if (!view) {
        print_problems(invocation.err, "error", view.error());
        return exit_configuration;
    }
    const multiplexer::RouteExplanation explanation = multiplexer::explain_route(
        routing_table(view->configuration), routing_instances(view->plan), options.query,
        view->configuration.limits.max_hops);
    if (options.json) {
        invocation.out << explanation_json(explanation).dump(2) << '\n';
    } else {
        print(explanation, invocation.out);
        invocation.out << "Agents that are attached and routes that are learned while the host "
                          "runs are not known here.\n";
    }
    return exit_ok;
}

}  // namespace

void add_explain_route(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand("explain-route", "Where an envelope would go, rule by rule");
    const auto options = std::make_shared<RouteOptions>();
    verb.add_option("config", options->path, "Host configuration").required();
    verb.add_option("--to", options->query.to, "The envelope's receiver").required();
    verb.add_option("--protocol", options->query.protocol_id, "Its protocol").required();
    verb.add_option("--sender", options->query.sender, "Its sender");
    verb.add_option("--from", options->query.source, "Instance that delivers it");
    verb.add_option("--connection", options->query.connection_id,
                    "Connection named by the envelope's context");
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return explain_route(*options, invocation); };
    });
}

}  // namespace patchbay::app
