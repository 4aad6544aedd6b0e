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

struct EventsOptions {
    ControlTarget target;
    std::string subsystem;
    std::string code;
    bool follow = false;
    bool json = false;
};

void print(const nlohmann::json& item, bool json, std::ostream& out) {
    if (json) {
        out << item.dump() << '\n';
    } else if (item.contains("missed")) {
        out << "... " << item["missed"].get<std::uint64_t>() << " events missed ...\n";
    } else {
        const std::string level = item.value("level", "");
        out << item.value("time", "") << ' ' << level
            << std::string(level.size() < 9 ? 9 - level.size() : 1, ' ')
            << item.value("subsystem", "") << ": " << item.value("text", "") << " ["
            << item.value("code", "") << "]\n";
    }
    out.flush();
}

int show_events(const EventsOptions& options, Invocation& invocation) {
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<void> done = client->follow(
        "events",
        {{"follow", options.follow}, {"subsystem", options.subsystem}, {"code", options.code}},
        [&](const nlohmann::json& item) {
            print(item, options.json, invocation.out);
            return static_cast<bool>(invocation.out);
        });
    // A host that ends is how following usually ends.
    if (!done && !(options.follow && done.error().code == "control.disconnected")) {
        return print_control_failure(invocation.err, done.error());
    }
    return exit_ok;
}

}  // namespace

void add_events(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand("events", "The last events of a running host");
    const auto options = std::make_shared<EventsOptions>();
    add_control_target(verb, options->target);
    verb.add_flag("-f,--follow", options->follow, "Go on with what comes");
    verb.add_option("--subsystem", options->subsystem, "Only of this subsystem or instance");
    verb.add_option("--code", options->code, "Only events whose code begins with this");
    verb.add_flag("--json", options->json, "Print JSON, one event per line");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return show_events(*options, invocation); };
    });
}

}  // namespace patchbay::app
