// SPDX-License-Identifier: Apache-2.0
#include "config/effective_configuration.hpp"

#include "config/source_excerpt.hpp"

#include <cmath>
#include <utility>

namespace patchbay::config {
namespace {

Value of(bool value) {
    return Value(value);
}
Value of(const std::string& value) {
    return Value(value);
}
Value of(const char* value) {
    return Value(value);
}
Value of(std::uint32_t value) {
    return Value(static_cast<std::int64_t>(value));
}
Value of(std::uint64_t value) {
    return Value(static_cast<std::int64_t>(value));
}
Value of(double value) {
    return value == std::floor(value) ? Value(static_cast<std::int64_t>(value)) : Value(value);
}
Value of(Duration value) {
    return of(static_cast<double>(value.count()) / 1000.0);
}
Value of(Value value) {
    return value;
}

Value of(FailurePolicy policy) {
    return Value(policy == FailurePolicy::propagate  ? "propagate"
                 : policy == FailurePolicy::just_log ? "just_log"
                                                     : "stop_and_exit");
}
Value of(ClaimMode mode) {
    return Value(mode == ClaimMode::open ? "open" : mode == ClaimMode::token ? "token" : "closed");
}
Value of(FingerprintPolicy policy) {
    return Value(policy == FingerprintPolicy::off    ? "off"
                 : policy == FingerprintPolicy::warn ? "warn"
                                                     : "required");
}
Value of(LogFormat format) {
    return Value(format == LogFormat::text ? "text" : "json");
}
Value of(LogLevel level) {
    constexpr const char* names[]{"trace", "debug", "info", "warning", "error", "critical", "off"};
    return Value(names[static_cast<std::size_t>(level)]);
}

template <class T>
Value of(const std::optional<T>& value) {
    return value ? of(*value) : Value();
}

/// Builds a map member by member.
class MapValue {
  public:
    template <class T>
    MapValue& add(std::string key, const T& value) {
        map_.push_back(Member{std::move(key), of(value), {}});
        return *this;
    }
    [[nodiscard]] Value take() { return Value(std::move(map_)); }

  private:
    Value::Map map_;
};

void add_limits(MapValue& map, const ConnectionLimits& limits) {
    const auto& attempts = limits.reconnect.attempts;
    map.add("on_failure", limits.on_failure)
        .add("mailbox", MapValue()
                            .add("envelopes", limits.mailbox.envelopes)
                            .add("bytes", limits.mailbox.bytes)
                            .take())
        .add("timeouts", MapValue()
                             .add("connect", limits.timeouts.connect)
                             .add("send", limits.timeouts.send)
                             .add("disconnect", limits.timeouts.disconnect)
                             .take())
        .add("reconnect", MapValue()
                              .add("attempts", !attempts        ? of("forever")
                                               : *attempts == 0 ? of("none")
                                                                : of(*attempts))
                              .add("initial_delay", limits.reconnect.initial_delay)
                              .add("max_delay", limits.reconnect.max_delay)
                              .add("jitter", limits.reconnect.jitter)
                              .take())
        .add("max_in_flight", limits.max_in_flight)
        .add("ordered_sends", limits.ordered_sends)
        .add("max_thread_workers", limits.max_thread_workers)
        .add("lane_limit", limits.lane_limit);
}

/// Free content without the values of keys that hold secrets.
Value redacted(Value value) {
    if (value.is_list()) {
        for (Value& item : value.list()) {
            item = redacted(std::move(item));
        }
    } else if (value.is_map()) {
        for (Member& member : value.map()) {
            const bool hide = is_secret_key(member.key) && !member.value.is_null();
            member.value = hide ? Value("***") : redacted(std::move(member.value));
        }
    }
    return value;
}

Value instance_value(const ConnectionInstance& instance) {
    MapValue map;
    map.add("class", instance.class_id)
        .add("name", instance.name)
        .add("required", instance.required)
        .add("enabled", instance.enabled)
        .add("allow_missing_certificates", instance.allow_missing_certificates);
    const auto add_override = [&map](const char* key, const std::optional<Value>& value) {
        if (value) {
            map.add(key, redacted(*value));
        }
    };
    add_override("config", instance.overrides.config);
    add_override("cert_requests", instance.overrides.cert_requests);
    add_override("is_abstract", instance.overrides.is_abstract);
    add_override("build_directory", instance.overrides.build_directory);
    MapValue bind;
    for (const Binding& binding : instance.bind) {
        bind.add(binding.dependency, binding.instance);
    }
    map.add("bind", bind.take());
    add_limits(map, instance.limits);
    return map.take();
}

Value route_value(const InboundRoute& route) {
    MapValue map;
    const auto add_text = [&map](const char* key, const std::optional<std::string>& text) {
        if (text) {
            map.add(key, *text);
        }
    };
    add_text("protocol", route.protocol);
    add_text("source", route.source);
    add_text("address", route.address);
    add_text("agent", route.agent);
    if (!route.to.empty()) {
        Value::List to;
        for (const Reference& target : route.to) {
            to.emplace_back(target.id);
        }
        map.add("to", Value(std::move(to)));
    }
    return map.take();
}

void add_routing(MapValue& map, const HostConfiguration& host) {
    MapValue default_routing;
    for (const DefaultRoute& route : host.default_routing) {
        default_routing.add(route.protocol, route.connection);
    }
    Value::List inbound;
    for (const InboundRoute& route : host.inbound) {
        inbound.push_back(route_value(route));
    }
    map.add("default_routing", default_routing.take())
        .add("default_connection",
             host.default_connection ? of(host.default_connection->id) : Value())
        .add("inbound", Value(std::move(inbound)));
}

Value identity_limits_value(const IdentityLimits& limits) {
    return MapValue()
        .add("claims_per_hour_and_address", limits.claims_per_hour_and_address)
        .add("claims_per_hour", limits.claims_per_hour)
        .add("validations_per_minute_and_address", limits.validations_per_minute_and_address)
        .add("validations_per_minute", limits.validations_per_minute)
        .add("max_claims", limits.max_claims)
        .add("max_audit_entries", limits.max_audit_entries)
        .take();
}

Value log_value(const Log& log) {
    MapValue levels;
    for (const auto& [name, level] : log.levels) {
        levels.add(name, level);
    }
    return MapValue()
        .add("level", log.level)
        .add("format", log.format)
        .add("levels", levels.take())
        .take();
}

}  // namespace

Value effective_configuration(const HostConfiguration& host) {
    MapValue map;
    Value::List folders;
    for (const PluginFolder& folder : host.plugin_folders) {
        folders.push_back(MapValue()
                              .add("path", folder.path)
                              .add("autostart", folder.autostart)
                              .add("watch", folder.watch)
                              .take());
    }
    map.add("plugin_folders", Value(std::move(folders)));
    MapValue defaults;
    add_limits(defaults, host.connection_defaults);
    map.add("connection_defaults", defaults.take());
    Value::List instances;
    for (const ConnectionInstance& instance : host.connections) {
        instances.push_back(instance_value(instance));
    }
    map.add("connections", Value(std::move(instances)));
    add_routing(map, host);
    map.add("dead_letters", MapValue()
                                .add("max_count", host.dead_letters.max_count)
                                .add("max_bytes", host.dead_letters.max_bytes)
                                .add("max_age", host.dead_letters.max_age)
                                .take())
        .add("limits", MapValue()
                           .add("max_hops", host.limits.max_hops)
                           .add("learned_routes", host.limits.learned_routes)
                           .add("learned_route_age", host.limits.learned_route_age)
                           .add("agent_queue_envelopes", host.limits.agent_queue_envelopes)
                           .take())
        .add("data_dir", host.data_dir)
        .add("network", MapValue().add("name", host.network.name).add("id", host.network.id).take())
        .add("identity", MapValue()
                             .add("secret_key_file", host.identity.secret_key_file)
                             .add("secret_key_env", host.identity.secret_key_env)
                             .add("secret_key", host.identity.secret_key.empty() ? "" : "***")
                             .add("certificate_ttl_hours", host.identity.certificate_ttl_hours)
                             .add("claims", host.identity.claims)
                             .add("legacy_force", host.identity.legacy_force)
                             .add("compatibility", host.identity.compatibility)
                             .add("limits", identity_limits_value(host.identity.limits))
                             .take())
        .add("heartbeat", MapValue()
                              .add("heartbeat_interval", host.heartbeat.heartbeat_interval)
                              .add("agent_timeout", host.heartbeat.agent_timeout)
                              .add("ping_timeout", host.heartbeat.ping_timeout)
                              .take())
        .add("log", log_value(host.log))
        .add("control", MapValue()
                            .add("enabled", host.control.enabled)
                            .add("socket", host.control.socket)
                            .take())
        .add("fingerprint", host.fingerprint)
        .add("shutdown", MapValue().add("drain_timeout", host.shutdown.drain_timeout).take())
        .add("reload", MapValue()
                           .add("probe", host.reload.probe)
                           .add("probation", host.reload.probation)
                           .take());
    return map.take();
}

}  // namespace patchbay::config
