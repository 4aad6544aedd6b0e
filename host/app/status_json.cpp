// SPDX-License-Identifier: Apache-2.0
#include "app/status_json.hpp"

#include "app/build_info.hpp"
#include "app/host_process.hpp"
#include "app/plan_output.hpp"
#include "app/time_text.hpp"
#include "control/protocol.hpp"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <string_view>

namespace patchbay::app {

namespace {

using nlohmann::json;

/// What stops it is told before what it does.
std::string_view state_text(const plugins::InstanceStatus& status) {
    if (status.phase != plugins::InstancePhase::running) {
        return plugins::to_string(status.phase);
    }
    return status.disabled && status.state == plugins::ConnectionState::disconnected
               ? std::string_view("disabled")
               : plugins::to_string(status.state);
}

json instance_json(const plugins::InstanceStatus& status) {
    json entry = {{"name", status.name},
                  {"component_id", status.component_id},
                  {"class_id", status.class_id},
                  {"state", state_text(status)},
                  {"phase", plugins::to_string(status.phase)},
                  {"is_abstract", status.is_abstract},
                  {"consumer", status.consumer},
                  {"required", status.required},
                  {"automatic", status.automatic},
                  {"disabled", status.disabled},
                  {"inbound_stopped", status.inbound_stopped},
                  {"generation", status.generation},
                  {"reloads", status.reloads},
                  {"sha256", status.sha256},
                  {"lanes", status.lanes},
                  {"threads", status.threads},
                  {"connects", status.connects},
                  {"queued", status.queued},
                  {"queued_bytes", status.queued_bytes},
                  {"in_flight", status.in_flight},
                  {"awaited", status.awaited},
                  {"misbehaviour", status.misbehaviour},
                  {"unresponsive", status.unresponsive},
                  {"listeners", json::array()}};
    for (const plugins::ListenerStatus& listener : status.listeners) {
        entry["listeners"].push_back({{"address", listener.address},
                                      {"sockets", listener.sockets},
                                      {"loans", listener.loans}});
    }
    if (status.since != 0) {
        entry["since"] = utc_text(status.since);
    }
    if (status.reconnect_at != 0) {
        entry["reconnect_at"] = utc_text(status.reconnect_at);
        entry["reconnect_attempt"] = status.reconnect_attempt;
    }
    if (status.last_error) {
        entry["last_error"] = control::to_json(*status.last_error);
        entry["last_error_at"] = utc_text(status.last_error_at);
    }
    if (status.draining_generation != 0) {
        entry["draining_generation"] = status.draining_generation;
    }
    if (!status.hung_threads.empty()) {
        entry["hung_threads"] = status.hung_threads;
    }
    return entry;
}

/// Zeros while no plugin has agents.
json agents_json(const AgentService& agents) {
    const identity::Registrations* open = agents.registrations();
    const identity::RegistrationStatistics counts =
        open != nullptr ? open->statistics() : identity::RegistrationStatistics{};
    return {{"network_id", open != nullptr ? open->options().network_id : std::string()},
            {"registered", counts.agents},
            {"online", counts.online},
            {"claims", open != nullptr ? agents.claims()->statistics().claims : 0},
            {"joined", counts.joined},
            {"left", counts.left},
            {"lost", counts.lost},
            {"replaced", counts.replaced},
            {"refused", counts.refused}};
}

json quarantine_json(const plugins::ConnectionHost& connections) {
    json entries = json::array();
    for (const plugins::QuarantinedLibrary& entry : connections.quarantined()) {
        entries.push_back({{"library", entry.library},
                           {"sha256", entry.sha256},
                           {"since", utc_text(entry.since)},
                           {"reason", control::to_json(entry.reason)}});
    }
    return entries;
}

}  // namespace

json status_json(HostProcess& host) {
    json instances = json::array();
    const bool drained = host.connections().is_inbound_stopped();
    bool ready = host.stage() == HostStage::running && !drained;
    for (const plugins::InstanceStatus& status : host.connections().status()) {
        ready = ready && (!status.required || status.state == plugins::ConnectionState::connected);
        json entry = instance_json(status);
        if (const auto instance = host.connections().find(status.name);
            instance != nullptr && !instance->plan()->library.empty()) {
            entry["library"] = instance->plan()->library;
        }
        instances.push_back(std::move(entry));
    }
    const std::shared_ptr<const HostView> view = host.view();
    for (const plugins::InstancePlan& plan : view->plan.left_out) {
        json entry = {{"name", plan.name},
                      {"component_id", plan.component_id},
                      {"class_id", plan.class_id},
                      {"state", to_string(plan.state)}};
        if (!plan.errors.empty()) {
            entry["last_error"] = control::to_json(plan.errors.front());
        }
        instances.push_back(std::move(entry));
    }
    const storage::DeadLetterStatistics letters = host.dead_letters().statistics();
    const auto uptime = std::chrono::system_clock::now() - host.started_at();
    return {{"version", version()},
            {"pid", ::getpid()},
            {"stage", to_string(host.stage())},
            {"ready", ready},
            {"inbound_stopped", drained},
            {"configuration", host.configuration_path()},
            {"data_dir", view->configuration.data_dir},
            {"started_at", utc_text(host.started_at())},
            {"uptime_seconds", std::chrono::duration_cast<std::chrono::seconds>(uptime).count()},
            {"instances", std::move(instances)},
            {"quarantine", quarantine_json(host.connections())},
            {"kept_libraries", host.connections().kept_libraries()},
            {"agents", agents_json(host.agents())},
            {"dead_letters",
             {{"count", letters.totals.count},
              {"bytes", letters.totals.bytes},
              {"evicted", letters.totals.evicted},
              {"queued", letters.queued},
              {"lost", letters.lost}}}};
}

}  // namespace patchbay::app
