// SPDX-License-Identifier: Apache-2.0
/// \file
/// The connection's `config`, read once. README.md has the table of keys; every key has a default,
/// null counts as absent.
#pragma once

#include "access_rules.hpp"
#include "proxy.hpp"

#include <patchbay/host.hpp>
#include <patchbay/net/tls.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace patchbay::http_client {

/// Zero means no limit of its own.
struct TimeLimits {
    std::chrono::nanoseconds total{};
    /// Name look-up and TCP.
    std::chrono::nanoseconds connect{};
    /// TLS handshake, and the proxy's answer to CONNECT.
    std::chrono::nanoseconds tls{};
    /// From the sent request to the first byte of the response.
    std::chrono::nanoseconds first_byte{};
    /// How long an idle connection is kept.
    std::chrono::nanoseconds idle{};
};

struct ConnectionLimits {
    std::size_t total = 0;
    std::size_t per_origin = 0;
    std::size_t waiting = 0;
};

struct ResponseLimits {
    /// Of the decoded body, in bytes.
    std::uint64_t body = 0;
    /// Of status line and headers, in bytes.
    std::size_t header = 0;
    std::size_t header_count = 0;
};

struct RedirectPolicy {
    /// Redirects that one request may follow.
    std::uint32_t limit = 0;
    /// Others are not followed: their response is the answer.
    bool same_origin_only = false;
};

struct RetryPolicy {
    std::uint32_t limit = 0;
    /// Before the first retry; doubled before each further one.
    std::chrono::nanoseconds delay{};
};

struct ResolverOptions {
    std::uint32_t threads = 0;
    /// How long an answer is good for; zero asks every time.
    std::chrono::nanoseconds cache_time{};
};

struct Options {
    TimeLimits times;
    ConnectionLimits connections;
    ResponseLimits response;
    RedirectPolicy redirects;
    RetryPolicy retries;
    ResolverOptions resolver;
    AccessRules access;
    ProxyRules proxy;
    net::TlsClientOptions tls;
    std::string user_agent;
    /// `scheme://host[:port]` that every request goes to, with path and query of its URL, and whose
    /// redirects are answers; empty: requests go where their URL says.
    std::string forward_to;
    /// Ask for compressed responses and decode them.
    bool decompress = true;

    /// Relative paths start at the data folder. Throws ConfigError.
    [[nodiscard]] static Options read(const Host& host);
};

}  // namespace patchbay::http_client
