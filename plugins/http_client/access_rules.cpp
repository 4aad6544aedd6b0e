// SPDX-License-Identifier: Apache-2.0
#include "access_rules.hpp"

#include "text.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace patchbay::http_client {

namespace {

using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;

struct Range4 {
    std::uint32_t network;
    unsigned int bits;
};

/// IANA's special-purpose registry, without the few entries that are reachable globally.
constexpr std::array ranges4 = {
    Range4{0x00000000, 8},   // this network
    Range4{0x0A000000, 8},   // private
    Range4{0x64400000, 10},  // shared by carriers
    Range4{0x7F000000, 8},   // loopback
    Range4{0xA9FE0000, 16},  // link-local, and the metadata services of clouds
    Range4{0xAC100000, 12},  // private
    Range4{0xC0000000, 24},  // protocol assignments
    Range4{0xC0000200, 24},  // documentation
    Range4{0xC0586300, 24},  // 6to4 relays
    Range4{0xC0A80000, 16},  // private
    Range4{0xC6120000, 15},  // benchmarks
    Range4{0xC6336400, 24},  // documentation
    Range4{0xCB007100, 24},  // documentation
    Range4{0xE0000000, 4},   // multicast
    Range4{0xF0000000, 4},   // reserved, and broadcast
};

bool is_private4(std::uint32_t address) noexcept {
    return std::any_of(ranges4.begin(), ranges4.end(), [=](const Range4& range) {
        return (address ^ range.network) >> (32U - range.bits) == 0;
    });
}

std::uint32_t word(const address_v6::bytes_type& bytes, std::size_t index) noexcept {
    return static_cast<std::uint32_t>(bytes[index]) << 24U |
           static_cast<std::uint32_t>(bytes[index + 1]) << 16U |
           static_cast<std::uint32_t>(bytes[index + 2]) << 8U | bytes[index + 3];
}

bool is_private6(const address_v6& address) noexcept {
    const address_v6::bytes_type bytes = address.to_bytes();
    const std::uint32_t first = word(bytes, 0);
    const std::uint32_t second = word(bytes, 4);
    const std::uint32_t third = word(bytes, 8);
    const std::uint32_t last = word(bytes, 12);
    if (first == 0 && second == 0 && (third == 0 || third == 0x0000FFFFU || third == 0xFFFF0000U)) {
        // Mapped, compatible, translated (::ffff:0:a.b.c.d); :: and ::1 are within 0.0.0.0/8.
        return is_private4(last);
    }
    if (first == 0x0064FF9BU) {
        // NAT64: the well-known prefix has the address at its end, 64:ff9b:1::/48 is local.
        return second != 0 || third != 0 || is_private4(last);
    }
    if (first >> 16U == 0x2002U) {
        return is_private4(first << 16U | second >> 16U);  // 6to4
    }
    if (first == 0x20010000U) {
        // Teredo: the server, and the client with its bits inverted.
        return is_private4(second) || is_private4(~last);
    }
    // Global unicast is 2000::/3; within it, protocol assignments and documentation are not.
    const bool global = first >> 29U == 1;
    return !global || first >> 9U == 0x20010000U >> 9U || first == 0x20010DB8U ||
           first >> 12U == 0x3FFF0000U >> 12U;
}

/// A name within the host's pattern, which a URL's own syntax then checks.
constexpr std::string_view stand_in = "x";

}  // namespace

Result<OriginPattern> OriginPattern::parse(std::string_view text) {
    OriginPattern pattern;
    std::string plain(text);
    const std::size_t host = plain.find("://") == std::string::npos ? 0 : plain.find("://") + 3;
    bool any_port = false;
    if (plain.ends_with(":*")) {
        any_port = true;
        plain.resize(plain.size() - 2);
    }
    const std::string_view pattern_host = std::string_view(plain).substr(host);
    if (pattern_host == "*" || pattern_host.starts_with("*.") || pattern_host.starts_with("*:")) {
        pattern.is_wildcard_ = true;
        plain.replace(host, 1, stand_in);
    }
    const auto url = parse_url(plain);
    if (!url || !url->userinfo.empty() || !(url->target.empty() || url->target == "/") ||
        plain.find_first_of("#?@") != std::string::npos) {
        return failure(ErrorClass::invalid, "config.bad_origin",
                       "'" + std::string(text) +
                           "' in 'allowed_origins' is no origin; expected scheme://host, "
                           "scheme://*.host or scheme://host:port.");
    }
    pattern.is_tls_ = url->is_tls;
    pattern.host_ = lower_case(url->host.substr(pattern.is_wildcard_ ? stand_in.size() : 0));
    if (!any_port) {
        pattern.port_ = url->port;
    }
    return pattern;
}

bool OriginPattern::matches(const Url& url) const noexcept {
    if (url.is_tls != is_tls_ || (port_ && *port_ != url.port)) {
        return false;
    }
    if (!is_wildcard_) {
        return equals_ignoring_case(url.host, host_);
    }
    return host_.empty() ||
           (!url.is_ipv6 && url.host.size() > host_.size() &&
            equals_ignoring_case(url.host.substr(url.host.size() - host_.size()), host_));
}

bool is_private(const boost::asio::ip::address& address) noexcept {
    return address.is_v4() ? is_private4(address.to_v4().to_uint()) : is_private6(address.to_v6());
}

Result<void> AccessRules::check(const Url& url) const {
    if (!allowed_origins.empty() &&
        std::none_of(allowed_origins.begin(), allowed_origins.end(),
                     [&](const OriginPattern& pattern) { return pattern.matches(url); })) {
        return failure(ErrorClass::failed, "http_client.origin_not_allowed",
                       origin_text(url) + " is not among the allowed origins.");
    }
    if (refuse_private_addresses) {
        boost::system::error_code no_address;
        const auto address =
            boost::asio::ip::make_address(std::string(url.host).c_str(), no_address);
        if (!no_address) {
            return check(address);
        }
    }
    return {};
}

Result<void> AccessRules::check(const boost::asio::ip::address& address) const {
    if (refuse_private_addresses && is_private(address)) {
        return failure(ErrorClass::failed, "http_client.private_address",
                       "The host's address is private, and private addresses are refused.");
    }
    return {};
}

}  // namespace patchbay::http_client
