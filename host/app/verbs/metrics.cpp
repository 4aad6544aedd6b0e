// SPDX-License-Identifier: Apache-2.0
#include "app/control_target.hpp"
#include "app/exit_code.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>

namespace patchbay::app {

namespace {

struct MetricsOptions {
    ControlTarget target;
    bool json = false;
};

int show_metrics(const MetricsOptions& options, Invocation& invocation) {
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<nlohmann::json> metrics =
        client->request("metrics", {{"format", options.json ? "json" : "prometheus"}});
    if (!metrics) {
        return print_control_failure(invocation.err, metrics.error());
    }
    if (options.json) {
        invocation.out << metrics->dump(2) << '\n';
    } else {
        invocation.out << metrics->value("text", "");
    }
    return exit_ok;
}

}  // namespace

void add_metrics(Command root, Invocation& invocation) {
    Command verb =
        root.add_subcommand("metrics", "Counters of a running host, in the Prometheus text format");
    const auto options = std::make_shared<MetricsOptions>();
    add_control_target(verb, options->target);
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return show_metrics(*options, invocation); };
    });
}

}  // namespace patchbay::app
