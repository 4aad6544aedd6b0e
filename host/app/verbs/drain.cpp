// SPDX-License-Identifier: Apache-2.0
#include "app/control_target.hpp"
#include "app/exit_code.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>

namespace patchbay::app {

namespace {

/// Longer than the longest drain, and what is done before it.
constexpr std::chrono::minutes drain_patience{120};
constexpr double longest_seconds = 3600;

struct DrainOptions {
    ControlTarget target;
    std::string id;
    double timeout = -1;
    bool json = false;
};

void print_drained(const nlohmann::json& answer, const std::string& subject,
                   Invocation& invocation) {
    if (answer.value("drained", false)) {
        invocation.out << subject
                       << ": drained; it takes no inbound envelopes until it is enabled\n";
        return;
    }
    for (const nlohmann::json& left : answer.value("left", nlohmann::json::array())) {
        invocation.err << left.value("name", "") << ": " << left.value("queued", 0U) << " waiting, "
                       << left.value("in_flight", 0U) << " in progress, "
                       << left.value("awaited", 0U) << " to be answered\n";
    }
    invocation.err << subject
                   << ": not idle in time; it takes no inbound envelopes until it is enabled\n";
}

int drain(const DrainOptions& options, Invocation& invocation) {
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    nlohmann::json arguments = {{"id", options.id}};
    if (options.timeout >= 0) {
        arguments["timeout_ms"] = static_cast<std::int64_t>(options.timeout * 1000);
    }
    const Result<nlohmann::json> answer = client->request("drain", arguments, drain_patience);
    if (!answer) {
        return print_control_failure(invocation.err, answer.error());
    }
    if (options.json) {
        invocation.out << answer->dump(2) << '\n';
    } else {
        print_drained(*answer, options.id.empty() ? "the host" : options.id, invocation);
    }
    return answer->value("drained", false) ? exit_ok : exit_failed;
}

}  // namespace

void add_drain(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand(
        "drain",
        "Stop what comes in from an instance, or all, and wait until nothing is in progress");
    const auto options = std::make_shared<DrainOptions>();
    verb.add_option("ID", options->id, "Instance or public id; without it the whole host");
    verb.add_option("--timeout", options->timeout,
                    "Seconds to wait; otherwise shutdown.drain_timeout of the configuration")
        .range(0.0, longest_seconds);
    add_control_target(verb, options->target);
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return drain(*options, invocation); };
    });
}

}  // namespace patchbay::app
