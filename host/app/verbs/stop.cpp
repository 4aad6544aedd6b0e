// SPDX-License-Identifier: Apache-2.0
#include "app/control_target.hpp"
#include "app/exit_code.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <ostream>

namespace patchbay::app {

namespace {

struct StopOptions {
    ControlTarget target;
    double wait = 60;
};

int stop(const StopOptions& options, Invocation& invocation) {
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<nlohmann::json> stopping = client->request("stop", nlohmann::json::object());
    if (!stopping) {
        return print_control_failure(invocation.err, stopping.error());
    }
    const auto limit = std::chrono::milliseconds(static_cast<std::int64_t>(options.wait * 1000));
    if (limit.count() > 0 && !client->wait_for_end(limit)) {
        invocation.err << "patchbay: the host is still stopping.\n";
        return exit_failed;
    }
    return exit_ok;
}

}  // namespace

void add_stop(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand("stop", "Drain and stop a running host, as SIGTERM does");
    const auto options = std::make_shared<StopOptions>();
    add_control_target(verb, options->target);
    verb.add_option("--wait", options->wait, "Seconds to wait for its end; 0 does not wait")
        .range(0.0, 86400.0)
        .show_default();
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return stop(*options, invocation); };
    });
}

}  // namespace patchbay::app
