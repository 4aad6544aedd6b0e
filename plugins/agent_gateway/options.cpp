// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <patchbay/config_values.hpp>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

namespace patchbay::agent_gateway {

namespace {

[[noreturn]] void refuse(std::string code, std::string message) {
    throw ConfigError({ErrorClass::invalid, std::move(code), std::move(message)});
}

std::string text(const Config& config, const std::string& key) {
    return config.get<std::string>(key, std::string());
}

std::string resolved_path(const Host& host, const std::string& path) {
    return (std::filesystem::path(host.data_folder()) / path).lexically_normal().string();
}

Limits read_limits(const Config& config) {
    constexpr std::size_t mebi = std::size_t{1} << 20U;
    Limits limits;
    limits.message_size = size_value(config, "max_message_size", 10 * mebi, 1024, 1024 * mebi);
    limits.sockets = size_value(config, "max_connections", 10000, 1, 1000000);
    limits.sockets_per_address = size_value(config, "max_connections_per_address", 0, 0, 1000000);
    limits.queue_bytes = size_value(config, "send_queue_bytes", 16 * mebi, 1024, 1024 * mebi);
    limits.queue_frames = size_value(config, "send_queue_frames", 4096, 1, 1000000);
    limits.requests_per_second =
        static_cast<std::uint32_t>(size_value(config, "requests_per_second", 100, 0, 1000000));
    limits.pending_answers = size_value(config, "max_pending_answers", 256, 1, 4096);
    limits.listed_agents = size_value(config, "max_listed_agents", 10000, 1, 1000000);
    limits.handshake_time = seconds_value(config, "handshake_timeout", 10);
    limits.registration_time = seconds_value(config, "registration_timeout", 60);
    limits.message_time = seconds_value(config, "message_timeout", 60);
    limits.write_time = seconds_value(config, "write_timeout", 60);
    limits.answer_time = seconds_value(config, "answer_timeout", 30);
    limits.keepalive = seconds_value(config, "keepalive_interval", 20);
    return limits;
}

std::optional<net::TlsServerOptions> read_tls(const Host& host) {
    const Config& config = host.config();
    net::TlsServerOptions tls;
    tls.certificate_file = text(config, "ssl_cert");
    tls.key_file = text(config, "ssl_key");
    if (tls.certificate_file.empty() != tls.key_file.empty()) {
        refuse("config.incomplete_tls",
               "Of 'ssl_cert' and 'ssl_key' only one is set; wss needs both, and ws neither.");
    }
    if (tls.certificate_file.empty()) {
        return std::nullopt;
    }
    tls.certificate_file = resolved_path(host, tls.certificate_file);
    tls.key_file = resolved_path(host, tls.key_file);
    tls.ciphers = text(config, "tls_ciphers");
    tls.minimum_version = config.get<std::string>("tls_minimum_version", "1.2");
    return tls;
}

/// 0 in the configuration means one per processor.
std::uint32_t read_lanes(const Host& host) {
    const auto wanted = host.config().get<std::uint32_t>("lanes", 1);
    if (wanted > 63) {
        refuse_value("lanes", std::to_string(wanted), "0 to 63");
    }
    const std::uint32_t limit = std::max<std::uint32_t>(host.lane_limit(), 1);
    return wanted == 0 ? limit : std::min(wanted, limit);
}

SlowConsumer read_slow_consumer(const Config& config) {
    const std::string policy = config.get<std::string>("slow_consumer", "close");
    if (policy != "close" && policy != "drop") {
        refuse_value("slow_consumer", "'" + policy + "'", "close or drop");
    }
    return policy == "close" ? SlowConsumer::close : SlowConsumer::drop;
}

}  // namespace

Options read_options(const Host& host) {
    const Config& config = host.config();
    Options options;
    options.host = config.get<std::string>("host", "127.0.0.1");
    options.port = config.get<std::uint16_t>("port", 8570);
    options.path = text(config, "path");
    if (!options.path.empty() && options.path.front() != '/') {
        refuse_value("path", "'" + options.path + "'", "a path that begins with '/'");
    }
    options.allowed_origins = config.get<std::vector<std::string>>("allowed_origins", {});
    options.backlog = static_cast<std::uint32_t>(size_value(config, "backlog", 1024, 1, 65535));
    options.lanes = read_lanes(host);
    options.tls = read_tls(host);
    options.may_address = config.get<std::vector<std::string>>("may_address", {});
    options.deflate = config.get<bool>("deflate", false);
    options.deflate_minimum_size =
        size_value(config, "deflate_minimum_size", 1024, 1, std::size_t{1} << 30U);
    options.slow_consumer = read_slow_consumer(config);
    options.limits = read_limits(config);
    return options;
}

}  // namespace patchbay::agent_gateway
