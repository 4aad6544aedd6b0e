// SPDX-License-Identifier: Apache-2.0
#include "config/host_configuration_reader.hpp"

#include "config/instance_reader.hpp"
#include "config/limits_reader.hpp"
#include "config/map_reader.hpp"
#include "config/routing_reader.hpp"
#include "config/yaml_reader.hpp"

#include <filesystem>
#include <initializer_list>
#include <utility>

namespace patchbay::config {
namespace {

constexpr Range<double> positive_time{0.001, longest_time};
constexpr Range<double> any_time{0.0, longest_time};

constexpr std::initializer_list<std::pair<const char*, LogLevel>> log_levels{
    {"trace", LogLevel::trace},     {"debug", LogLevel::debug}, {"info", LogLevel::info},
    {"warning", LogLevel::warning}, {"error", LogLevel::error}, {"critical", LogLevel::critical},
    {"off", LogLevel::off}};

class HostReader {
  public:
    HostReader(const Value& file, std::string folder, Problems& problems)
        : file_(file, "", problems), folder_(std::move(folder)), problems_(problems) {}

    HostConfiguration read() {
        read_folders();
        file_.section("connection_defaults", [this](MapReader& reader) {
            read_connection_limits(reader, host_.connection_defaults);
        });
        host_.connections = read_instances(file_, host_.connection_defaults, problems_);
        read_routing(file_, host_, problems_);
        read_bounds();
        host_.data_dir = "data";
        read_path(file_, "data_dir", host_.data_dir);
        refuse_empty(file_, "data_dir");
        host_.data_dir = absolute(host_.data_dir);
        file_.section("network", [this](MapReader& reader) {
            reader.read("name", host_.network.name);
            reader.read("id", host_.network.id);
        });
        file_.section("identity", [this](MapReader& reader) { read_identity(reader); });
        file_.section("heartbeat", [this](MapReader& reader) { read_heartbeat(reader); });
        file_.section("log", [this](MapReader& reader) { read_log(reader); });
        file_.section("control", [this](MapReader& reader) {
            reader.read("enabled", host_.control.enabled);
            read_path(reader, "socket", host_.control.socket);
        });
        file_.read_word("fingerprint", host_.fingerprint,
                        {{"off", FingerprintPolicy::off},
                         {"warn", FingerprintPolicy::warn},
                         {"required", FingerprintPolicy::required}});
        file_.section("shutdown", [this](MapReader& reader) {
            reader.read("drain_timeout", host_.shutdown.drain_timeout, any_time);
        });
        file_.section("reload", [this](MapReader& reader) {
            reader.read("probe", host_.reload.probe, any_time);
            reader.read("probation", host_.reload.probation, any_time);
        });
        file_.finish();
        return std::move(host_);
    }

  private:
    [[nodiscard]] std::string absolute(const std::string& path) const {
        return (std::filesystem::path(folder_) / path).lexically_normal().string();
    }

    void read_path(MapReader& reader, std::string_view key, std::string& target) {
        reader.read(key, target);
        const Value* value = reader.member(key);
        if (value == nullptr || !value->is_string()) {
            return;
        }
        if (!target.empty()) {
            target = absolute(target);
        }
    }

    void refuse_empty(MapReader& reader, std::string_view key) {
        const Value* value = reader.member(key);
        if (value != nullptr && value->is_string() && value->string().empty()) {
            reader.wrong_type(*value, reader.path_of(key), "a path");
        }
    }

    void read_folders() {
        const Value::List& items = file_.items("plugin_folders");
        for (std::size_t at = 0; at < items.size(); ++at) {
            MapReader reader(items[at], "plugin_folders[" + std::to_string(at) + ']', problems_);
            if (!reader.is_map()) {
                continue;
            }
            PluginFolder folder;
            folder.location = items[at].location();
            reader.required("path");
            read_path(reader, "path", folder.path);
            refuse_empty(reader, "path");
            reader.read("autostart", folder.autostart);
            reader.read("watch", folder.watch);
            reader.finish();
            for (const PluginFolder& earlier : host_.plugin_folders) {
                if (earlier.path == folder.path && !folder.path.empty()) {
                    reader.problem(folder.location, "config.duplicate",
                                   "the folder `" + folder.path + "` is also listed in line " +
                                       std::to_string(earlier.location.line));
                }
            }
            host_.plugin_folders.push_back(std::move(folder));
        }
    }

    void read_bounds() {
        file_.section("dead_letters", [this](MapReader& reader) {
            reader.read("max_count", host_.dead_letters.max_count,
                        Range<std::uint64_t>{0, 1'000'000'000});
            reader.read("max_bytes", host_.dead_letters.max_bytes,
                        Range<std::uint64_t>{0, 1ULL << 50U});
            reader.read("max_age", host_.dead_letters.max_age, any_time);
        });
        file_.section("limits", [this](MapReader& reader) {
            reader.read("max_hops", host_.limits.max_hops, Range<std::uint32_t>{1, 255});
            reader.read("learned_routes", host_.limits.learned_routes,
                        Range<std::uint32_t>{0, 1U << 24U});
            reader.read("learned_route_age", host_.limits.learned_route_age, positive_time);
            reader.read("agent_queue_envelopes", host_.limits.agent_queue_envelopes,
                        Range<std::uint32_t>{1, 1U << 24U});
        });
    }

    void read_identity(MapReader& reader) {
        Identity& identity = host_.identity;
        read_path(reader, "secret_key_file", identity.secret_key_file);
        reader.read("secret_key_env", identity.secret_key_env);
        reader.read("secret_key", identity.secret_key);
        const int sources = static_cast<int>(!identity.secret_key_file.empty()) +
                            static_cast<int>(!identity.secret_key_env.empty()) +
                            static_cast<int>(!identity.secret_key.empty());
        if (sources > 1) {
            reader.problem(reader.value().location(), "config.contradiction",
                           "only one of `secret_key_file`, `secret_key_env` and `secret_key` can "
                           "say where the key is");
        }
        reader.read("certificate_ttl_hours", identity.certificate_ttl_hours,
                    Range<double>{0.0, longest_time / 3600.0});
        reader.read_word("claims", identity.claims,
                         {{"open", ClaimMode::open},
                          {"token", ClaimMode::token},
                          {"closed", ClaimMode::closed}});
        reader.read("legacy_force", identity.legacy_force);
        reader.read_word("compatibility", identity.compatibility,
                         {{"", std::string()}, {"openagents-0.5", std::string("openagents-0.5")}});
        reader.section("limits", [&identity](MapReader& limits) {
            read_identity_limits(limits, identity.limits);
        });
    }

    static void read_identity_limits(MapReader& reader, IdentityLimits& limits) {
        constexpr Range<std::uint32_t> rate{0, 1U << 24U};
        constexpr Range<std::uint32_t> bound{1, 10'000'000};
        reader.read("claims_per_hour_and_address", limits.claims_per_hour_and_address, rate);
        reader.read("claims_per_hour", limits.claims_per_hour, rate);
        reader.read("validations_per_minute_and_address", limits.validations_per_minute_and_address,
                    rate);
        reader.read("validations_per_minute", limits.validations_per_minute, rate);
        reader.read("max_claims", limits.max_claims, bound);
        reader.read("max_audit_entries", limits.max_audit_entries, bound);
    }

    void read_heartbeat(MapReader& reader) {
        Heartbeat& heartbeat = host_.heartbeat;
        reader.read("heartbeat_interval", heartbeat.heartbeat_interval, positive_time);
        reader.read("agent_timeout", heartbeat.agent_timeout, positive_time);
        reader.read("ping_timeout", heartbeat.ping_timeout, positive_time);
        if (heartbeat.agent_timeout <= heartbeat.heartbeat_interval) {
            reader.problem(reader.value().location(), "config.out_of_range",
                           "`heartbeat.agent_timeout` must be longer than `heartbeat_interval`: an "
                           "agent is pinged before it is given up");
        }
    }

    void read_log(MapReader& reader) {
        reader.read_word("level", host_.log.level, log_levels);
        reader.read_word("format", host_.log.format,
                         {{"text", LogFormat::text}, {"json", LogFormat::json}});
        const Value* levels = reader.member("levels");
        if (levels == nullptr) {
            return;
        }
        // Subsystems and instances name themselves: every key is welcome.
        MapReader names(*levels, reader.path_of("levels"), problems_);
        for (std::size_t at = 0; names.is_map() && at < levels->map().size(); ++at) {
            const std::string& name = levels->map()[at].key;
            LogLevel level = LogLevel::info;
            names.read_word(name, level, log_levels);
            host_.log.levels[name] = level;
        }
    }

    MapReader file_;
    std::string folder_;
    Problems& problems_;
    HostConfiguration host_;
};

/// The name that upstream gives to a placeholder without one: TYPE_NAME_PATH.
void fill_all(Value& file, const Environment& environment, Problems& problems) {
    for (Member& member : file.map()) {
        if (member.key != "connections" || !member.value.is_list()) {
            fill_placeholders(member.value, automatic_variable("PATCHBAY", member.key), environment,
                              problems);
            continue;
        }
        for (Value& entry : member.value.list()) {
            fill_placeholders(entry, automatic_variable("CONNECTION", instance_name_of(entry)),
                              environment, problems);
        }
    }
}

}  // namespace

Checked<HostConfiguration> parse_host_configuration(std::string_view text, const std::string& file,
                                                    const std::string& folder,
                                                    const Environment& environment) {
    Problems problems;
    HostConfiguration host;
    auto value = read_yaml(text, file, problems);
    if (value && value->is_map()) {
        fill_all(*value, environment, problems);
        host = HostReader(*value, folder, problems).read();
    } else if (value) {
        MapReader(*value, "", problems).finish();
    }
    if (!problems.empty()) {
        tidy(problems);
        return tl::unexpected(std::move(problems));
    }
    return host;
}

Checked<HostConfiguration> read_host_configuration(const std::string& path,
                                                   const Environment& environment) {
    const auto text = read_text_file(path);
    if (!text) {
        return tl::unexpected(text.error());
    }
    std::error_code error;
    const auto absolute = std::filesystem::absolute(path, error).lexically_normal();
    auto host = parse_host_configuration(*text, path, absolute.parent_path().string(), environment);
    if (host) {
        host->path = absolute.string();
    }
    return host;
}

}  // namespace patchbay::config
