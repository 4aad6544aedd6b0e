// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which proxy a request goes through. Requests to http origins are given to the proxy in absolute
/// form, https ones go through a tunnel that CONNECT opens, so that TLS is with the origin.
#pragma once

#include "url.hpp"

#include <patchbay/result.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::http_client {

struct Proxy {
    /// Name or address, without brackets.
    std::string host;
    std::uint16_t port = 0;
    /// Value of Proxy-Authorization; empty when the proxy's URL has no user. For the proxy only.
    std::string authorization;

    /// An http URL; the scheme may be left out. Code `config.bad_proxy`.
    [[nodiscard]] static Result<Proxy> parse(std::string_view text);
};

/// Hosts that are reached directly: names and their sub-domains (`example.org`, `.example.org`),
/// with or without a port, addresses, address ranges (`10.0.0.0/8`), or `*` for all.
class NoProxy {
  public:
    void add(std::string_view entry);
    [[nodiscard]] bool matches(const Url& url) const;

  private:
    struct Entry {
        std::string host;
        std::uint16_t port = 0;  ///< 0: every port
        std::uint8_t prefix = 0;
        bool is_range = false;
    };
    std::vector<Entry> entries_;
    bool all_ = false;
};

struct ProxyRules {
    std::optional<Proxy> for_http;
    std::optional<Proxy> for_https;
    NoProxy direct;

    /// What curl and others read: http_proxy, https_proxy, all_proxy, no_proxy, in lower or upper
    /// case (lower first). `variable` gives the value of one of them, or null.
    [[nodiscard]] static Result<ProxyRules> from_environment(
        const std::function<const char*(const char*)>& variable);

    /// Null: directly.
    [[nodiscard]] const Proxy* proxy_for(const Url& url) const;
};

}  // namespace patchbay::http_client
