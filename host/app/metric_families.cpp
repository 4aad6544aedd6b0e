// SPDX-License-Identifier: Apache-2.0
#include "app/metric_families.hpp"

#include "app/host_process.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>

namespace patchbay::app {

namespace {

using Counters = multiplexer::InstanceCounters;

struct CounterField {
    const char* name;
    const char* help;
    bool is_counter;
    std::uint64_t Counters::*field;
};

constexpr CounterField instance_fields[] = {
    {"patchbay_delivered_envelopes_total", "Envelopes the instance delivered.", true,
     &Counters::delivered},
    {"patchbay_delivered_bytes_total", "Bytes the instance delivered.", true,
     &Counters::delivered_bytes},
    {"patchbay_refused_full_total", "Deliveries refused because the destination had no room.", true,
     &Counters::full},
    {"patchbay_invalid_envelopes_total", "Deliveries that were no valid envelopes.", true,
     &Counters::invalid},
    {"patchbay_taken_envelopes_total", "Envelopes given to the instance.", true, &Counters::taken},
    {"patchbay_taken_bytes_total", "Bytes given to the instance.", true, &Counters::taken_bytes},
    {"patchbay_completed_envelopes_total", "Taken envelopes that were completed.", true,
     &Counters::completed},
    {"patchbay_failed_envelopes_total", "Taken envelopes completed as failed.", true,
     &Counters::failed},
    {"patchbay_overdue_envelopes_total", "Taken envelopes not completed within the time limit.",
     true, &Counters::overdue},
    {"patchbay_misbehaviour_total", "Rules of the plugin ABI that the instance broke.", true,
     &Counters::misbehaviour},
    {"patchbay_receipts_total", "Receipts given to the instance.", true, &Counters::receipts},
    {"patchbay_receipts_lost_total", "Receipts whose lane was gone.", true,
     &Counters::receipts_lost},
    {"patchbay_error_replies_total", "Error messages sent in answer to dead letters.", true,
     &Counters::error_replies},
    {"patchbay_error_replies_suppressed_total", "Error messages held back by their rate limit.",
     true, &Counters::error_replies_suppressed},
    {"patchbay_queued_envelopes", "Envelopes that wait in the mailboxes.", false,
     &Counters::queued},
    {"patchbay_queued_bytes", "Bytes that wait in the mailboxes.", false, &Counters::queued_bytes},
    {"patchbay_in_flight_envelopes", "Envelopes taken and not completed.", false,
     &Counters::in_flight},
    {"patchbay_held_bytes", "Payload memory the instance holds without having delivered it.", false,
     &Counters::held_bytes},
};

std::int64_t number(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

class Collector {
  public:
    void add(std::string name, std::string help, bool is_counter, std::int64_t value,
             std::vector<std::pair<std::string, std::string>> labels = {}) {
        auto family =
            std::find_if(families_.begin(), families_.end(),
                         [&name](const MetricFamily& known) { return known.name == name; });
        if (family == families_.end()) {
            families_.push_back({std::move(name), std::move(help), is_counter, {}});
            family = families_.end() - 1;
        }
        family->samples.push_back({std::move(labels), value});
    }

    void host(HostProcess& host) {
        const auto uptime = std::chrono::system_clock::now() - host.started_at();
        add("patchbay_uptime_seconds", "Since the host was started.", false,
            std::chrono::duration_cast<std::chrono::seconds>(uptime).count());
        add("patchbay_reloads_failed_total", "Reloads that did not succeed.", true,
            number(host.connections().failed_reloads()));
        add("patchbay_configuration_applied_total",
            "Changes of configuration or plugin folders that were applied.", true,
            number(host.configuration().applied()));
        add("patchbay_configuration_refused_total",
            "Changes of configuration or plugin folders that were refused.", true,
            number(host.configuration().refused()));
        add("patchbay_kept_libraries", "Libraries of former generations that are still mapped.",
            false, number(host.connections().kept_libraries()));
        for (const plugins::InstanceStatus& status : host.connections().status()) {
            const std::vector<std::pair<std::string, std::string>> labels = {
                {"instance", status.name}, {"class", status.class_id}};
            add("patchbay_connected", "1 when the instance is connected.", false,
                status.state == plugins::ConnectionState::connected ? 1 : 0, labels);
            add("patchbay_generation", "Generation of the instance's plugin.", false,
                status.generation, labels);
            add("patchbay_reloads_total", "Reloads of the instance that succeeded.", true,
                number(status.reloads), labels);
            add("patchbay_connects_total", "How often the instance became connected.", true,
                number(status.connects), labels);
        }
    }

    void multiplexer(const multiplexer::Metrics& metrics) {
        for (const CounterField& field : instance_fields) {
            for (const multiplexer::InstanceMetrics& instance : metrics.instances) {
                add(field.name, field.help, field.is_counter,
                    number(instance.counters.*field.field), {{"instance", instance.name}});
            }
        }
        for (const multiplexer::InstanceMetrics& instance : metrics.instances) {
            for (std::uint32_t reason = 0; reason < multiplexer::reason_count; ++reason) {
                const std::uint64_t count = instance.counters.dead_lettered.at(reason);
                if (count > 0) {
                    add("patchbay_dead_lettered_envelopes_total",
                        "Envelopes of the instance that became dead letters.", true, number(count),
                        {{"instance", instance.name},
                         {"reason", std::string(multiplexer::reason_name(reason))}});
                }
            }
        }
        add("patchbay_dead_letters_total", "Dead letters made.", true,
            number(metrics.dead_letters));
        add("patchbay_dead_letters_refused_total", "Dead letters that the store did not keep.",
            true, number(metrics.dead_letters_refused));
        add("patchbay_learned_routes", "Addresses whose connection is remembered.", false,
            number(metrics.learned_routes));
        add("patchbay_learned_routes_evicted_total", "Learned routes forgotten for lack of room.",
            true, number(metrics.learned_routes_evicted));
        add("patchbay_agents", "Agents in the directory.", false, number(metrics.agents));
        add("patchbay_pool_bytes", "Memory taken from the system for payload.", false,
            number(metrics.pool_bytes));
        add("patchbay_pool_exhausted_total", "Allocations of payload refused.", true,
            number(metrics.pool_exhausted));
    }

    void agents(const AgentService& service) {
        const identity::Registrations* open = service.registrations();
        if (open == nullptr) {
            return;
        }
        const identity::RegistrationStatistics counts = open->statistics();
        add("patchbay_agents_registered", "Registered agents.", false, number(counts.agents));
        add("patchbay_agents_online", "Registered agents whose socket is open.", false,
            number(counts.online));
        add("patchbay_agents_joined_total", "Agents that registered.", true, number(counts.joined));
        add("patchbay_agents_left_total", "Agents that left.", true, number(counts.left));
        add("patchbay_agents_lost_total", "Agents that were silent for too long.", true,
            number(counts.lost));
        add("patchbay_agents_replaced_total", "Connections of agents that another one replaced.",
            true, number(counts.replaced));
        add("patchbay_agent_registrations_refused_total", "Registrations refused.", true,
            number(counts.refused));
        add("patchbay_agent_pings_total", "Pings of the heartbeat.", true, number(counts.pings));
        add("patchbay_agent_pings_missed_total", "Pings that were not answered.", true,
            number(counts.misses));
        const identity::ClaimStatistics claims = service.claims()->statistics();
        add("patchbay_claims", "Claims of agent ids.", false,
            static_cast<std::int64_t>(claims.claims));
        add("patchbay_certificates_refused_total", "Certificates that were not accepted.", true,
            number(claims.refused));
    }

    void dead_letters(const storage::DeadLetterStatistics& letters) {
        add("patchbay_dead_letters_kept", "Dead letters in the store.", false,
            number(letters.totals.count));
        add("patchbay_dead_letters_kept_bytes", "Bytes of the dead letters in the store.", false,
            number(letters.totals.bytes));
        add("patchbay_dead_letters_evicted_total", "Dead letters removed by the store's bounds.",
            true, number(letters.totals.evicted));
        add("patchbay_dead_letters_write_failures_total",
            "Transactions of the dead-letter store that had to be tried again.", true,
            number(letters.write_failures));
    }

    void plugins(const std::map<std::string, std::vector<plugins::MetricValue>>& metrics) {
        for (const auto& [instance, values] : metrics) {
            for (const plugins::MetricValue& value : values) {
                const bool counter = value.kind == plugins::MetricKind::counter;
                add("patchbay_plugin_" + value.name + (counter ? "_total" : ""), value.help,
                    counter, value.value, {{"instance", instance}});
            }
        }
    }

    [[nodiscard]] std::vector<MetricFamily> take() { return std::move(families_); }

  private:
    std::vector<MetricFamily> families_;
};

std::string escaped(std::string_view text, bool quotes) {
    std::string result;
    for (const char c : text) {
        if (c == '\\') {
            result += "\\\\";
        } else if (c == '\n') {
            result += "\\n";
        } else if (c == '"' && quotes) {
            result += "\\\"";
        } else {
            result += c;
        }
    }
    return result;
}

}  // namespace

std::vector<MetricFamily> metric_families(HostProcess& host) {
    Collector collector;
    collector.host(host);
    collector.multiplexer(host.multiplexer().metrics());
    collector.agents(host.agents());
    collector.dead_letters(host.dead_letters().statistics());
    collector.plugins(host.connections().metrics());
    return collector.take();
}

std::string prometheus_text(const std::vector<MetricFamily>& families) {
    std::string text;
    for (const MetricFamily& family : families) {
        text += "# HELP " + family.name + ' ' + escaped(family.help, false) + "\n# TYPE " +
                family.name + (family.is_counter ? " counter\n" : " gauge\n");
        for (const MetricSample& sample : family.samples) {
            text += family.name;
            std::string labels;
            for (const auto& [name, value] : sample.labels) {
                labels += (labels.empty() ? "" : ",") + name + "=\"" + escaped(value, true) + '"';
            }
            if (!labels.empty()) {
                text += '{' + labels + '}';
            }
            text += ' ' + std::to_string(sample.value) + '\n';
        }
    }
    return text;
}

nlohmann::json to_json(const std::vector<MetricFamily>& families) {
    nlohmann::json json = nlohmann::json::object();
    for (const MetricFamily& family : families) {
        nlohmann::json samples = nlohmann::json::array();
        for (const MetricSample& sample : family.samples) {
            nlohmann::json labels = nlohmann::json::object();
            for (const auto& [name, value] : sample.labels) {
                labels[name] = value;
            }
            samples.push_back({{"labels", std::move(labels)}, {"value", sample.value}});
        }
        json[family.name] = {{"type", family.is_counter ? "counter" : "gauge"},
                             {"help", family.help},
                             {"samples", std::move(samples)}};
    }
    return json;
}

}  // namespace patchbay::app
