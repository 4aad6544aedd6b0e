// SPDX-License-Identifier: Apache-2.0
/// \file
/// Whom requests may reach: an allow-list of origins, and the refusal of addresses that are not on
/// the internet. Both are asked for every hop of a redirect; addresses when it is known which one
/// is connected to, so that no name can hide one.
#pragma once

#include "url.hpp"

#include <patchbay/result.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::http_client {

/// `scheme://host[:port]`. The host `*.example.org` stands for every sub-domain of example.org (not
/// for itself), `*` for every host; the port `*` for every port; without a port, the scheme's own.
class OriginPattern {
  public:
    /// Code `config.bad_origin`.
    [[nodiscard]] static Result<OriginPattern> parse(std::string_view text);
    [[nodiscard]] bool matches(const Url& url) const noexcept;

  private:
    bool is_tls_ = false;
    /// Without the "*" of a wildcard, so that it begins with a dot or is empty.
    std::string host_;
    bool is_wildcard_ = false;
    /// Nothing: every port.
    std::optional<std::uint16_t> port_;
};

/// Whether an address belongs to this machine, to a local network, or to nobody in particular:
/// loopback, private, link-local, unique-local, shared (RFC 6598), multicast, unspecified, reserved
/// and documentation ranges, also where IPv6 wraps them (mapped, compatible, NAT64, 6to4, Teredo).
[[nodiscard]] bool is_private(const boost::asio::ip::address& address) noexcept;

struct AccessRules {
    /// Empty: every origin.
    std::vector<OriginPattern> allowed_origins;
    bool refuse_private_addresses = false;

    /// `http_client.origin_not_allowed` or, for a host that is a private address already,
    /// `http_client.private_address`.
    [[nodiscard]] Result<void> check(const Url& url) const;
    /// `http_client.private_address`.
    [[nodiscard]] Result<void> check(const boost::asio::ip::address& address) const;
};

}  // namespace patchbay::http_client
