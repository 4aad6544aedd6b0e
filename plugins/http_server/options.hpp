// SPDX-License-Identifier: Apache-2.0
/// \file
/// The options of an http_server: upstream's, with upstream's meaning, and ours. README.md of this
/// folder has the table.
#pragma once

#include <patchbay/host.hpp>
#include <patchbay/net/tls.hpp>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::http_server {

enum class LogFormat : std::uint8_t { common, json };

/// The bounds of one connection and its requests. Zero means no limit where the README says so.
struct Limits {
    std::size_t header_size = 0;
    std::size_t header_count = 0;
    /// Bodies of this size or more are refused, as upstream does.
    std::size_t body_size = 0;
    std::size_t connections = 0;
    std::size_t connections_per_address = 0;
    /// Requests that wait for their answer, in all.
    std::size_t pending_requests = 0;
    /// Requests of one connection that wait for their answer.
    std::size_t pipelined_requests = 0;
    std::chrono::nanoseconds header_time{};
    std::chrono::nanoseconds body_time{};
    std::chrono::nanoseconds idle_time{};
    std::chrono::nanoseconds write_time{};
    /// For the answer; zero waits as long as the client does.
    std::chrono::nanoseconds answer_time{};
};

/// Proxies whose X-Forwarded-For is believed.
struct TrustedProxies {
    std::vector<boost::asio::ip::network_v4> v4;
    std::vector<boost::asio::ip::network_v6> v6;

    [[nodiscard]] bool empty() const noexcept { return v4.empty() && v6.empty(); }
};

struct AccessLogOptions {
    std::string file;  ///< empty = no log; "-" = standard error
    LogFormat format = LogFormat::common;
};

struct CompressionOptions {
    bool enabled = false;
    std::size_t minimum_size = 0;
};

struct Options {
    std::string host;  ///< name, address, or `unix:/path`
    std::uint16_t port = 0;
    std::string target;
    std::uint32_t backlog = 0;
    std::uint32_t lanes = 1;
    std::uint32_t unix_mode = 0;
    std::optional<net::TlsServerOptions> tls;
    std::string api_spec_path;  ///< empty = requests are not validated
    bool precise_status = false;
    bool check_host = false;
    std::string server_header;  ///< empty = no such header
    Limits limits;
    TrustedProxies trusted_proxies;
    AccessLogOptions access_log;
    CompressionOptions compression;
};

/// Reads the instance's `config`. Throws ConfigError, which names the key and what was expected.
[[nodiscard]] Options read_options(const Host& host);

/// A path of the configuration: relative ones start at the instance's data folder.
[[nodiscard]] std::string resolved_path(const Host& host, const std::string& path);

}  // namespace patchbay::http_server
