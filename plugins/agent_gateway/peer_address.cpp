// SPDX-License-Identifier: Apache-2.0
#include "peer_address.hpp"

#include <boost/asio/ip/address.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <functional>
#include <string_view>

namespace patchbay::agent_gateway {

PeerAddress PeerAddress::of(const sockaddr_storage& address) noexcept {
    PeerAddress peer;
    if (address.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &address, sizeof v4);
        peer.bytes[10] = 0xFF;
        peer.bytes[11] = 0xFF;
        std::memcpy(peer.bytes.data() + 12, &v4.sin_addr, 4);
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
        return "unix:0";
    }
    const ip::address_v6 v6(bytes);
    const std::string host = v6.is_v4_mapped() ? ip::make_address_v4(ip::v4_mapped, v6).to_string()
                                               : '[' + v6.to_string() + ']';
    return host + ':' + std::to_string(port);
}

std::size_t SocketLimits::Hash::operator()(const Key& key) const noexcept {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(key.data()), key.size()});
}

bool SocketLimits::admit(const PeerAddress& peer) {
    const std::lock_guard lock(mutex_);
    if (all_ >= all_limit_) {
        return false;
    }
    if (address_limit_ != 0 && !peer.is_unix()) {
        std::size_t& count = by_address_[peer.bytes];
        if (count >= address_limit_) {
            return false;
        }
        ++count;
    }
    ++all_;
    return true;
}

void SocketLimits::release(const PeerAddress& peer) noexcept {
    const std::lock_guard lock(mutex_);
    --all_;
    if (address_limit_ == 0 || peer.is_unix()) {
        return;
    }
    const auto found = by_address_.find(peer.bytes);
    if (found != by_address_.end() && --found->second == 0) {
        by_address_.erase(found);
    }
}

}  // namespace patchbay::agent_gateway
