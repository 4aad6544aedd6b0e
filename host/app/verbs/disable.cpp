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

/// Above what drain and disconnect take by the host's own limits.
constexpr std::chrono::minutes disable_patience{60};

struct DisableOptions {
    ControlTarget target;
    std::string id;
    bool cascade = false;
    bool json = false;
};

/// False: envelopes were abandoned.
bool print_disabled(const nlohmann::json& entry, Invocation& invocation) {
    const std::string name = entry.value("name", "");
    if (entry.value("already", false)) {
        invocation.out << name << ": disabled already\n";
        return true;
    }
    invocation.out << name << ": disabled\n";
    const auto abandoned = entry.value("abandoned", std::uint64_t{0});
    if (abandoned != 0) {
        invocation.err << name << ": " << abandoned << " envelopes were not completed in time\n";
    }
    return abandoned == 0;
}

int disable(const DisableOptions& options, Invocation& invocation) {
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<nlohmann::json> answer = client->request(
        "disable", {{"id", options.id}, {"cascade", options.cascade}}, disable_patience);
    if (!answer) {
        return print_control_failure(invocation.err, answer.error());
    }
    if (options.json) {
        invocation.out << answer->dump(2) << '\n';
    }
    bool well = true;
    for (const nlohmann::json& entry : answer->value("disabled", nlohmann::json::array())) {
        well = (options.json ? entry.value("abandoned", 0U) == 0
                             : print_disabled(entry, invocation)) &&
               well;
    }
    return well ? exit_ok : exit_failed;
}

}  // namespace

void add_disable(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand(
        "disable", "Drain and disconnect an instance, and keep it so until it is enabled");
    const auto options = std::make_shared<DisableOptions>();
    verb.add_option("ID", options->id, "Instance or public id").required();
    verb.add_flag("--cascade", options->cascade,
                  "Disable the instances that depend on it before it");
    add_control_target(verb, options->target);
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return disable(*options, invocation); };
    });
}

}  // namespace patchbay::app
