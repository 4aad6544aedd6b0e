// SPDX-License-Identifier: Apache-2.0
#include "client_address.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <string_view>

namespace patchbay::http_server {

namespace {

namespace ip = boost::asio::ip;

ip::address address_of(const net::PeerAddress& client) {
    const ip::address_v6 v6(client.bytes);
    return v6.is_v4_mapped() ? ip::address(ip::make_address_v4(ip::v4_mapped, v6))
                             : ip::address(v6);
}

bool is_trusted(const ip::address& address, const TrustedProxies& proxies) {
    if (address.is_v4()) {
        return std::any_of(proxies.v4.begin(), proxies.v4.end(), [&](const ip::network_v4& net) {
            return ip::network_v4(address.to_v4(), net.prefix_length()).canonical() ==
                   net.canonical();
        });
    }
    return std::any_of(proxies.v6.begin(), proxies.v6.end(), [&](const ip::network_v6& net) {
        return ip::network_v6(address.to_v6(), net.prefix_length()).canonical() == net.canonical();
    });
}

std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t");
    const std::size_t last = text.find_last_not_of(" \t");
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, last - first + 1);
}

/// The addresses of all such headers, the last one first, until `use` says that it is enough.
template <class Function>
void each_forwarded(const RequestHead& head, Function use) {
    for (auto header = head.headers.rbegin(); header != head.headers.rend(); ++header) {
        if (!boost::beast::iequals({header->name.data(), header->name.size()}, "X-Forwarded-For")) {
            continue;
        }
        for (std::string_view rest = header->value; !rest.empty();) {
            const std::size_t comma = rest.rfind(',');
            const std::string_view entry =
                trimmed(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
            rest = comma == std::string_view::npos ? std::string_view() : rest.substr(0, comma);
            if (!use(entry)) {
                return;
            }
        }
    }
}

}  // namespace

bool is_trusted(const net::PeerAddress& address, const TrustedProxies& proxies) {
    return !proxies.empty() && !address.is_unix() && is_trusted(address_of(address), proxies);
}

std::string named_client(const net::PeerAddress& peer, const RequestHead& head,
                         const TrustedProxies& proxies) {
    std::string client = peer.text();
    if (!is_trusted(peer, proxies)) {
        return client;
    }
    each_forwarded(head, [&](std::string_view entry) {
        boost::system::error_code error;
        const ip::address address = ip::make_address(std::string(entry), error);
        if (error) {
            return false;  // what stands before it cannot be believed either
        }
        client = address.to_string();
        return is_trusted(address, proxies);
    });
    return client;
}

}  // namespace patchbay::http_server
