// SPDX-License-Identifier: Apache-2.0
#include "app/control_target.hpp"
#include "app/exit_code.hpp"
#include "app/text_table.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace patchbay::app {

namespace {

struct StatusOptions {
    ControlTarget target;
    bool json = false;
};

std::string number(const nlohmann::json& object, const char* key) {
    return std::to_string(object.value(key, std::int64_t{0}));
}

/// "http_server listens on 127.0.0.1:8000, unix:/run/x.sock", where it does.
void print_listeners(const nlohmann::json& instance, std::ostream& out) {
    std::string addresses;
    for (const nlohmann::json& listener : instance.value("listeners", nlohmann::json::array())) {
        addresses += (addresses.empty() ? "" : ", ") + listener.value("address", "");
    }
    if (!addresses.empty()) {
        out << instance.value("name", "") << " listens on " << addresses << '\n';
    }
}

/// "connected", or "connected (drained)".
std::string state_text(const nlohmann::json& instance) {
    return instance.value("state", "") +
           (instance.value("inbound_stopped", false) ? " (drained)" : "");
}

/// "2", or "2 (1 drains)".
std::string generation_text(const nlohmann::json& instance) {
    const std::string generation = number(instance, "generation");
    return instance.contains("draining_generation")
               ? generation + " (" + number(instance, "draining_generation") + " drains)"
               : generation;
}

/// What failed a reload and is not tried again until it changes.
void print_quarantine(const nlohmann::json& status, std::ostream& out) {
    for (const nlohmann::json& entry : status.value("quarantine", nlohmann::json::array())) {
        const nlohmann::json reason = entry.value("reason", nlohmann::json::object());
        out << "quarantined until it changes: " << entry.value("library", "") << " (sha256 "
            << entry.value("sha256", "").substr(0, 12) << "): " << reason.value("message", "")
            << " [" << reason.value("code", "") << "]\n";
    }
    if (const auto kept = status.value("kept_libraries", std::uint64_t{0}); kept != 0) {
        out << kept << " libraries of former generations are still mapped\n";
    }
}

void print(const nlohmann::json& status, std::ostream& out) {
    out << "patchbay " << status.value("version", "") << ", process " << number(status, "pid")
        << ", " << status.value("stage", "") << " for " << number(status, "uptime_seconds")
        << " s, " << (status.value("ready", false) ? "ready" : "not ready") << '\n'
        << "configuration " << status.value("configuration", "") << ", data "
        << status.value("data_dir", "") << '\n';
    if (status.value("stage", "") == "running" && status.value("inbound_stopped", false)) {
        out << "drained: it takes no inbound envelopes until `patchbay enable --all`\n";
    }
    std::vector<std::vector<std::string>> rows = {
        {"INSTANCE", "CLASS", "STATE", "GENERATION", "WAITING", "IN PROGRESS", "LAST ERROR"}};
    for (const nlohmann::json& instance : status.value("instances", nlohmann::json::array())) {
        std::string error;
        if (instance.contains("last_error")) {
            error = instance["last_error"].value("message", "");
        }
        rows.push_back({instance.value("name", ""), instance.value("class_id", ""),
                        state_text(instance), generation_text(instance), number(instance, "queued"),
                        number(instance, "in_flight"), error});
    }
    out << text_table(rows);
    for (const nlohmann::json& instance : status.value("instances", nlohmann::json::array())) {
        print_listeners(instance, out);
    }
    print_quarantine(status, out);
    const nlohmann::json agents = status.value("agents", nlohmann::json::object());
    if (!agents.value("network_id", "").empty()) {
        out << number(agents, "online") << " agents online, " << number(agents, "claims")
            << " ids claimed, network " << agents.value("network_id", "") << '\n';
    }
    const nlohmann::json letters = status.value("dead_letters", nlohmann::json::object());
    out << number(letters, "count") << " dead letters (" << number(letters, "evicted")
        << " evicted)\n";
}

int show_status(const StatusOptions& options, Invocation& invocation) {
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<nlohmann::json> status = client->request("status", nlohmann::json::object());
    if (!status) {
        return print_control_failure(invocation.err, status.error());
    }
    if (options.json) {
        invocation.out << status->dump(2) << '\n';
    } else {
        print(*status, invocation.out);
    }
    return exit_ok;
}

}  // namespace

void add_status(Command root, Invocation& invocation) {
    Command verb = root.add_subcommand("status", "State of a running host and its instances");
    const auto options = std::make_shared<StatusOptions>();
    add_control_target(verb, options->target);
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options] {
        invocation.action = [&invocation, options] { return show_status(*options, invocation); };
    });
}

}  // namespace patchbay::app
