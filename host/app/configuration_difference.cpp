// SPDX-License-Identifier: Apache-2.0
#include "app/configuration_difference.hpp"

namespace patchbay::app {

namespace {

events::Threshold threshold_of(config::LogLevel level) {
    return static_cast<events::Threshold>(level);
}

class Keeper {
  public:
    template <class T>
    void keep(const char* key, T& next, const T& running) {
        if (next != running) {
            keys_.emplace_back(key);
            next = running;
        }
    }
    [[nodiscard]] std::vector<std::string> keys() && { return std::move(keys_); }

  private:
    std::vector<std::string> keys_;
};

void keep_identity(Keeper& keeper, config::Identity& next, const config::Identity& running) {
    keeper.keep("identity.secret_key_file", next.secret_key_file, running.secret_key_file);
    keeper.keep("identity.secret_key_env", next.secret_key_env, running.secret_key_env);
    keeper.keep("identity.secret_key", next.secret_key, running.secret_key);
    keeper.keep("identity.certificate_ttl_hours", next.certificate_ttl_hours,
                running.certificate_ttl_hours);
    keeper.keep("identity.claims", next.claims, running.claims);
    keeper.keep("identity.legacy_force", next.legacy_force, running.legacy_force);
    keeper.keep("identity.compatibility", next.compatibility, running.compatibility);
    config::IdentityLimits& limits = next.limits;
    const config::IdentityLimits& kept = running.limits;
    keeper.keep("identity.limits.claims_per_hour_and_address", limits.claims_per_hour_and_address,
                kept.claims_per_hour_and_address);
    keeper.keep("identity.limits.claims_per_hour", limits.claims_per_hour, kept.claims_per_hour);
    keeper.keep("identity.limits.validations_per_minute_and_address",
                limits.validations_per_minute_and_address, kept.validations_per_minute_and_address);
    keeper.keep("identity.limits.validations_per_minute", limits.validations_per_minute,
                kept.validations_per_minute);
    keeper.keep("identity.limits.max_claims", limits.max_claims, kept.max_claims);
    keeper.keep("identity.limits.max_audit_entries", limits.max_audit_entries,
                kept.max_audit_entries);
}

}  // namespace

std::vector<std::string> keep_for_restart(config::HostConfiguration& next,
                                          const config::HostConfiguration& running) {
    Keeper keeper;
    keeper.keep("data_dir", next.data_dir, running.data_dir);
    keeper.keep("control.enabled", next.control.enabled, running.control.enabled);
    keeper.keep("control.socket", next.control.socket, running.control.socket);
    keeper.keep("network.name", next.network.name, running.network.name);
    keeper.keep("network.id", next.network.id, running.network.id);
    keep_identity(keeper, next.identity, running.identity);
    keeper.keep("heartbeat.heartbeat_interval", next.heartbeat.heartbeat_interval,
                running.heartbeat.heartbeat_interval);
    keeper.keep("heartbeat.agent_timeout", next.heartbeat.agent_timeout,
                running.heartbeat.agent_timeout);
    keeper.keep("heartbeat.ping_timeout", next.heartbeat.ping_timeout,
                running.heartbeat.ping_timeout);
    keeper.keep("dead_letters.max_count", next.dead_letters.max_count,
                running.dead_letters.max_count);
    keeper.keep("dead_letters.max_bytes", next.dead_letters.max_bytes,
                running.dead_letters.max_bytes);
    keeper.keep("dead_letters.max_age", next.dead_letters.max_age, running.dead_letters.max_age);
    keeper.keep("limits.max_hops", next.limits.max_hops, running.limits.max_hops);
    keeper.keep("limits.learned_routes", next.limits.learned_routes, running.limits.learned_routes);
    keeper.keep("limits.learned_route_age", next.limits.learned_route_age,
                running.limits.learned_route_age);
    keeper.keep("limits.agent_queue_envelopes", next.limits.agent_queue_envelopes,
                running.limits.agent_queue_envelopes);
    keeper.keep("log.format", next.log.format, running.log.format);
    return std::move(keeper).keys();
}

void change_levels(events::Levels& levels, const config::Log& running, const config::Log& next) {
    if (running.level != next.level) {
        levels.set_base(threshold_of(next.level));
    }
    for (const auto& [name, level] : running.levels) {
        if (next.levels.count(name) == 0) {
            levels.reset(name);
        }
    }
    for (const auto& [name, level] : next.levels) {
        const auto before = running.levels.find(name);
        if (before == running.levels.end() || before->second != level) {
            levels.set(name, threshold_of(level));
        }
    }
}

}  // namespace patchbay::app
