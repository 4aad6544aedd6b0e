// SPDX-License-Identifier: Apache-2.0
#include "tcp_connector.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

namespace patchbay::http_client {

namespace {

namespace ip = boost::asio::ip;

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

SocketAddress socket_address(const ip::address& address, std::uint16_t port) {
    SocketAddress result;
    if (address.is_v4()) {
        sockaddr_in socket{};
        socket.sin_family = AF_INET;
        socket.sin_port = htons(port);
        socket.sin_addr.s_addr = htonl(address.to_v4().to_uint());
        std::memcpy(&result.storage, &socket, sizeof socket);
        result.size = sizeof socket;
    } else {
        const ip::address_v6::bytes_type bytes = address.to_v6().to_bytes();
        sockaddr_in6 socket{};
        socket.sin6_family = AF_INET6;
        socket.sin6_port = htons(port);
        socket.sin6_scope_id = static_cast<std::uint32_t>(address.to_v6().scope_id());
        std::memcpy(&socket.sin6_addr, bytes.data(), bytes.size());
        std::memcpy(&result.storage, &socket, sizeof socket);
        result.size = sizeof socket;
    }
    return result;
}

bool is_out_of_sockets(int error) noexcept {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Addresses interleaved(const Addresses& addresses) {
    Addresses first;
    Addresses second;
    for (const ip::address& address : addresses) {
        (address.is_v4() == addresses.front().is_v4() ? first : second).push_back(address);
    }
    Addresses result;
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) {
            result.push_back(first[i]);
        }
        if (i < second.size()) {
            result.push_back(second[i]);
        }
    }
    return result;
}

TcpConnector::TcpConnector(LaneServices& services, Listener& listener)
    : services_(services), listener_(listener) {}

TcpConnector::~TcpConnector() {
    cancel();
}

void TcpConnector::cancel() noexcept {
    stagger_.cancel();
    for (const auto& attempt : attempts_) {
        services_.readiness.remove(attempt->socket().get(), *attempt);
        attempt->socket() = net::Descriptor();
    }
    std::move(attempts_.begin(), attempts_.end(), std::back_inserter(ended_));
    attempts_.clear();
    next_address_ = addresses_.size();
}

void TcpConnector::start(const Addresses& addresses, std::uint16_t port,
                         const AccessRules* access) {
    cancel();
    ended_.clear();
    error_.reset();
    port_ = port;
    addresses_ = interleaved(addresses);
    if (access != nullptr) {
        std::erase_if(addresses_, [&](const ip::address& address) {
            auto allowed = access->check(address);
            if (!allowed) {
                error_ = std::move(allowed.error());
            }
            return !allowed.has_value();
        });
    }
    next_address_ = 0;
    next();
}

void TcpConnector::next() noexcept {
    while (next_address_ < addresses_.size()) {
        if (attempt(addresses_[next_address_++])) {
            if (next_address_ < addresses_.size()) {
                services_.stagger.start(stagger_);
            }
            return;
        }
    }
    if (attempts_.empty()) {
        if (!error_) {
            fail(EADDRNOTAVAIL);
        }
        const Error error = *error_;
        listener_.on_connect_failed(error);
    }
}

bool TcpConnector::attempt(const ip::address& address) {
    const int family = address.is_v4() ? AF_INET : AF_INET6;
    net::Descriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) {
        fail(errno);
        return false;
    }
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const SocketAddress target = socket_address(address, port_);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&target.storage), target.size) !=
            0 &&
        errno != EINPROGRESS) {
        fail(errno);
        return false;
    }
    // Also when it is connected already: then the set reports it at once.
    auto attempt = std::make_unique<Attempt>(*this, std::move(socket));
    if (auto added = services_.readiness.add(attempt->socket().get(), *attempt); !added) {
        error_ = std::move(added.error());
        return false;
    }
    attempts_.push_back(std::move(attempt));
    return true;
}

void TcpConnector::fail(int system_error) {
    const std::string why = std::generic_category().message(system_error);
    if (is_out_of_sockets(system_error)) {
        error_ = Error{ErrorClass::overloaded, "connect.no_socket",
                       "The system gives no socket: " + why + '.'};
    } else if (system_error == ECONNREFUSED) {
        error_ = Error{ErrorClass::disconnected, "connect.refused", "The connection was refused."};
    } else {
        error_ = Error{ErrorClass::disconnected, "connect.failed",
                       "The server could not be reached: " + why + '.'};
    }
}

void TcpConnector::Attempt::on_ready(net::ReadyFor what) noexcept {
    connector_.services_.look_at_clock();
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0 || what.broken || what.writing) {
        connector_.attempt_ended(*this, error != 0 || what.writing ? error : ECONNRESET);
    }
}

void TcpConnector::attempt_ended(Attempt& attempt, int system_error) noexcept {
    services_.readiness.remove(attempt.socket().get(), attempt);
    const auto found = std::find_if(attempts_.begin(), attempts_.end(),
                                    [&](const auto& each) { return each.get() == &attempt; });
    ended_.push_back(std::move(*found));
    attempts_.erase(found);
    net::Descriptor socket = std::move(attempt.socket());
    if (system_error == 0) {
        cancel();
        listener_.on_connected(std::move(socket));
        return;
    }
    fail(system_error);
    stagger_.cancel();
    next();
}

}  // namespace patchbay::http_client
