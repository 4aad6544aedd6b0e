// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <patchbay/config_values.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace patchbay::http_server {

namespace {

[[noreturn]] void refuse(std::string code, std::string message) {
    throw ConfigError({ErrorClass::invalid, std::move(code), std::move(message)});
}

std::string text(const Config& config, const std::string& key) {
    return config.get<std::string>(key, std::string());
}

Limits read_limits(const Config& config) {
    constexpr std::size_t mebi = std::size_t{1} << 20U;
    Limits limits;
    limits.header_size = size_value(config, "max_header_size", 16384, 256, 65536 / 2);
    limits.header_count = size_value(config, "max_header_count", 100, 1, 1000);
    limits.body_size = size_value(config, "max_body_size", mebi, 1, 1024 * mebi);
    limits.connections = size_value(config, "max_connections", 10000, 1, 1000000);
    limits.connections_per_address =
        size_value(config, "max_connections_per_address", 1000, 0, 1000000);
    limits.pending_requests = size_value(config, "max_pending_requests", 4096, 1, 60000);
    limits.pipelined_requests = size_value(config, "max_pipelined_requests", 32, 1, 1024);
    limits.header_time = seconds_value(config, "header_timeout", 10);
    limits.body_time = seconds_value(config, "body_timeout", 60);
    limits.idle_time = seconds_value(config, "idle_timeout", 75);
    limits.write_time = seconds_value(config, "write_timeout", 60);
    // Upstream: null waits for ever.
    limits.answer_time = seconds_value(config, "timeout", 0);
    return limits;
}

std::optional<net::TlsServerOptions> read_tls(const Host& host) {
    const Config& config = host.config();
    net::TlsServerOptions tls;
    tls.certificate_file = text(config, "ssl_cert");
    tls.key_file = text(config, "ssl_key");
    if (tls.certificate_file.empty() != tls.key_file.empty()) {
        refuse("config.incomplete_tls",
               "Of 'ssl_cert' and 'ssl_key' only one is set; HTTPS needs "
               "both, and HTTP neither.");
    }
    const std::string wanted = config.get<std::string>("client_certificates", "off");
    tls.client_ca_file = text(config, "client_ca");
    if (wanted != "off" && wanted != "optional" && wanted != "required") {
        refuse_value("client_certificates", "'" + wanted + "'", "off, optional or required");
    }
    if (tls.certificate_file.empty()) {
        if (wanted != "off") {
            refuse("config.incomplete_tls",
                   "'client_certificates' needs HTTPS; set 'ssl_cert' and 'ssl_key'.");
        }
        return std::nullopt;
    }
    if (wanted != "off") {
        if (tls.client_ca_file.empty()) {
            refuse("config.incomplete_tls", "'client_certificates: " + wanted +
                                                "' needs 'client_ca', the file with the "
                                                "authorities that sign them.");
        }
        tls.client_certificates = wanted == "required" ? net::ClientCertificates::required
                                                       : net::ClientCertificates::optional;
        tls.client_ca_file = resolved_path(host, tls.client_ca_file);
    }
    tls.certificate_file = resolved_path(host, tls.certificate_file);
    tls.key_file = resolved_path(host, tls.key_file);
    tls.ciphers = text(config, "tls_ciphers");
    tls.minimum_version = config.get<std::string>("tls_minimum_version", "1.2");
    return tls;
}

TrustedProxies read_trusted_proxies(const Config& config) {
    TrustedProxies proxies;
    for (const auto& entry : config.get<std::vector<std::string>>("trusted_proxies", {})) {
        boost::system::error_code error;
        const bool has_prefix = entry.find('/') != std::string::npos;
        const bool is_v6 = entry.find(':') != std::string::npos;
        if (is_v6) {
            proxies.v6.push_back(
                boost::asio::ip::make_network_v6(has_prefix ? entry : entry + "/128", error));
        } else {
            proxies.v4.push_back(
                boost::asio::ip::make_network_v4(has_prefix ? entry : entry + "/32", error));
        }
        if (error) {
            refuse_value("trusted_proxies", "'" + entry + "'",
                         "an address, or a network such as 10.0.0.0/8");
        }
    }
    return proxies;
}

AccessLogOptions read_access_log(const Host& host) {
    AccessLogOptions log;
    log.file = text(host.config(), "access_log");
    if (!log.file.empty() && log.file != "-") {
        log.file = resolved_path(host, log.file);
    }
    const std::string format = host.config().get<std::string>("access_log_format", "common");
    if (format != "common" && format != "json") {
        refuse_value("access_log_format", "'" + format + "'", "common or json");
    }
    log.format = format == "json" ? LogFormat::json : LogFormat::common;
    return log;
}

std::string read_target(const Config& config) {
    const std::string ours = text(config, "target");
    const std::string upstream = text(config, "target_skill_id");
    if (!ours.empty() && !upstream.empty() && ours != upstream) {
        refuse("config.two_targets", "'target' is '" + ours + "' and 'target_skill_id' is '" +
                                         upstream + "'; they are two names of one option.");
    }
    const std::string& target = ours.empty() ? upstream : ours;
    if (target.empty()) {
        refuse("config.missing",
               "'target_skill_id' (or its alias 'target') is not set; expected the instance, "
               "public id or component id that requests go to.");
    }
    return target;
}

/// 0 in the configuration means one per processor.
std::uint32_t read_lanes(const Host& host) {
    const auto wanted = host.config().get<std::uint32_t>("lanes", 1);
    if (wanted > 64) {
        refuse_value("lanes", std::to_string(wanted), "0 to 64");
    }
    const std::uint32_t limit = std::max<std::uint32_t>(host.lane_limit(), 1);
    return wanted == 0 ? limit : std::min(wanted, limit);
}

std::uint32_t read_unix_mode(const Config& config) {
    const std::string mode = config.get<std::string>("unix_socket_mode", "0660");
    if (mode.empty() || mode.size() > 4 ||
        mode.find_first_not_of("01234567") != std::string::npos) {
        refuse_value("unix_socket_mode", "'" + mode + "'", "octal digits such as \"0660\"");
    }
    return static_cast<std::uint32_t>(std::stoul(mode, nullptr, 8));
}

}  // namespace

std::string resolved_path(const Host& host, const std::string& path) {
    return (std::filesystem::path(host.data_folder()) / path).lexically_normal().string();
}

Options read_options(const Host& host) {
    const Config& config = host.config();
    Options options;
    options.host = config.get<std::string>("host");
    options.port = config.get<std::uint16_t>("port");
    options.target = read_target(config);
    options.backlog = static_cast<std::uint32_t>(size_value(config, "backlog", 1024, 1, 65535));
    options.lanes = read_lanes(host);
    options.unix_mode = read_unix_mode(config);
    options.tls = read_tls(host);
    const std::string specification = text(config, "api_spec_path");
    options.api_spec_path = specification.empty() ? "" : resolved_path(host, specification);
    options.precise_status = config.get<bool>("precise_status", false);
    options.check_host = config.get<bool>("check_host", false);
    options.server_header = config.get<std::string>("server_header", "patchbay");
    if (options.server_header.find_first_of("\r\n") != std::string::npos) {
        refuse_value("server_header", "a text with line breaks", "one line");
    }
    options.limits = read_limits(config);
    options.trusted_proxies = read_trusted_proxies(config);
    options.access_log = read_access_log(host);
    options.compression.enabled = config.get<bool>("compression", false);
    options.compression.minimum_size =
        size_value(config, "compression_minimum_size", 1024, 1, std::size_t{1} << 30U);
    return options;
}

}  // namespace patchbay::http_server
