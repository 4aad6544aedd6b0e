// SPDX-License-Identifier: Apache-2.0
#include <patchbay/net/peer_address.hpp>

#include <boost/asio/ip/address.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace patchbay::net {

namespace {

constexpr std::array<unsigned char, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

PeerAddress PeerAddress::of(const sockaddr_storage& address) noexcept {
    PeerAddress peer;
    if (address.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        std::copy(mapped_prefix.begin(), mapped_prefix.end(), peer.bytes.begin());
        std::memcpy(peer.bytes.data() + mapped_prefix.size(), &v4.sin_addr, 4);
        peer.port = ntohs(v4.sin_port);
    } else if (address.ss_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &address, sizeof v6);
        std::memcpy(peer.bytes.data(), &v6.sin6_addr, peer.bytes.size());
        peer.port = ntohs(v6.sin6_port);
    }
    return peer;
}

std::string PeerAddress::text() const {
    namespace ip = boost::asio::ip;
    if (is_unix()) {
        return "unix";
    }
    const ip::address_v6 v6(bytes);
    return v6.is_v4_mapped() ? ip::make_address_v4(ip::v4_mapped, v6).to_string() : v6.to_string();
}

std::string PeerAddress::text_with_port() const {
    const std::string host = text();
    const bool in_brackets = host.find(':') != std::string::npos;
    return (in_brackets ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

}  // namespace patchbay::net
