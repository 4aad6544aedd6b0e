// SPDX-License-Identifier: Apache-2.0
#include "app/exit_code.hpp"
#include "app/graph_text.hpp"
#include "app/host_view.hpp"
#include "app/problem_output.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

struct GraphOptions {
    std::string path;
    std::string format = "dot";
    bool json = false;
};

int graph(const GraphOptions& options, Invocation& invocation) {
    const config::Checked<HostView> view = load_host_view(options.path);
    if (!view) {
        print_problems(invocation.err, "error", view.error());
        return exit_configuration;
    }
    const Graph drawn = graph_of(*view);
    if (options.json || options.format == "json") {
        invocation.out << to_json(drawn).dump(2) << '\n';
    } else {
        invocation.out << (options.format == "mermaid" ? to_mermaid(drawn) : to_dot(drawn));
    }
    print_problems(invocation.err, "error", view->plan.problems);
    return view->plan.ok() ? exit_ok : exit_configuration;
}

}  // namespace

void add_graph(Command root, Invocation& invocation) {
    Command verb =
        root.add_subcommand("graph", "Draw the instances, what they need, and the routes");
    const auto options = std::make_shared<GraphOptions>();
    verb.add_option("config", options->path, "Host configuration").required();
    verb.add_option("--format", options->format, "dot, mermaid or json")
        .one_of({"dot", "mermaid", "json"})
        .show_default();
    verb.add_flag("--json", options->json, "The same as --format json");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return graph(*options, invocation); };
    });
}

}  // namespace patchbay::app
