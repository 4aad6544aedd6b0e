// SPDX-License-Identifier: Apache-2.0
#include "persistent_connection.hpp"

#include "origin.hpp"

#include <boost/asio/ip/address.hpp>
#include <sys/socket.h>

#include <cerrno>
#include <string_view>
#include <utility>

namespace patchbay::http_client {

namespace {

using ReadState = ResponseReader::State;

Error closed(const std::string& why) {
    return {ErrorClass::disconnected, "connection.closed",
            "The connection to the server ended before a response came: " + why + '.'};
}

}  // namespace

/// The request for a tunnel and what the proxy says to it.
struct PersistentConnection::Tunnel {
    explicit Tunnel(const ResponseLimits& limits) : reader(limits) {}
    std::string request;
    std::size_t written = 0;
    ResponseReader reader;
};

PersistentConnection::PersistentConnection(LaneServices& services, Owner& owner)
    : services_(services), owner_(owner), connector_(services, *this) {}

PersistentConnection::~PersistentConnection() {
    close();
}

// ---- Opening ------------------------------------------------------------------------------------

void PersistentConnection::open(Origin& origin, Exchange& exchange) {
    origin_ = &origin;
    exchange_ = &exchange;
    exchange.connection = this;
    is_kept_ = false;
    state_ = State::resolving;
    services_.connect_limit.start(connect_time_);
    const std::string& host = origin.proxy != nullptr ? origin.proxy->host : origin.host;
    boost::system::error_code is_name;
    const auto address = boost::asio::ip::make_address(host.c_str(), is_name);
    if (is_name) {
        services_.resolver.resolve(host, *this);
    } else {
        on_resolved(Addresses{address});
    }
}

void PersistentConnection::on_resolved(const Result<Addresses>& addresses) noexcept {
    services_.look_at_clock();
    if (!addresses) {
        fail(addresses.error());
        return;
    }
    state_ = State::connecting;
    // The operator has chosen the proxy; it is the proxy that reaches the origin.
    if (origin_->proxy != nullptr) {
        connector_.start(*addresses, origin_->proxy->port, nullptr);
    } else {
        connector_.start(*addresses, origin_->port, &services_.options.access);
    }
}

void PersistentConnection::on_connect_failed(const Error& error) noexcept {
    fail(error);
}

void PersistentConnection::on_connected(net::Descriptor socket) noexcept {
    connect_time_.cancel();
    stream_ = net::Stream(std::move(socket));
    if (auto added = services_.readiness.add(stream_.descriptor(), *this); !added) {
        fail(added.error());
        return;
    }
    is_watched_ = true;
    if (!origin_->is_tls) {
        opened();
        return;
    }
    services_.tls_limit.start(tls_time_);
    if (origin_->proxy != nullptr) {
        begin_tunnel();
    } else {
        begin_handshake();
    }
}

void PersistentConnection::begin_tunnel() {
    state_ = State::tunnelling;
    tunnel_ = std::make_unique<Tunnel>(services_.options.response);
    append_connect_head(tunnel_->request, origin_->authority, services_.options.user_agent,
                        origin_->proxy->authorization);
    tunnel_->reader.start({true, false});
    tunnel_step();
}

void PersistentConnection::tunnel_step() {
    Tunnel& tunnel = *tunnel_;
    const auto no_answer = [&](const std::string& why) {
        fail({ErrorClass::disconnected, "proxy.failed", "The proxy opened no tunnel: " + why});
    };
    while (tunnel.written < tunnel.request.size()) {
        const std::string_view unsent = std::string_view(tunnel.request).substr(tunnel.written);
        const net::IoResult sent = stream_.write_some(unsent.data(), unsent.size());
        if (sent.state == net::IoState::want_write) {
            return;
        }
        if (sent.state != net::IoState::done) {
            no_answer(stream_.failure_text() + '.');
            return;
        }
        tunnel.written += sent.size;
    }
    std::vector<char>& buffer = services_.read_buffer;
    ReadState state = ReadState::incomplete;
    while (state == ReadState::incomplete) {
        const net::IoResult got = stream_.read_some(buffer.data(), buffer.size());
        if (got.state == net::IoState::want_read) {
            return;
        }
        if (got.state == net::IoState::failed) {
            no_answer(stream_.failure_text() + '.');
            return;
        }
        state = got.state == net::IoState::done
                    ? tunnel.reader.read(std::string_view(buffer.data(), got.size))
                    : tunnel.reader.end_of_stream();
    }
    if (state == ReadState::failed) {
        no_answer(tunnel.reader.error().message);
        return;
    }
    const std::int32_t status = tunnel.reader.status();
    if (status / 100 != 2 || tunnel.reader.has_surplus()) {
        fail({ErrorClass::failed, "proxy.refused",
              "The proxy opened no tunnel; it answered with the status " + std::to_string(status) +
                  '.'});
        return;
    }
    tunnel_.reset();
    begin_handshake();
}

void PersistentConnection::begin_handshake() {
    net::TlsSession session = services_.tls.connect(stream_.descriptor(), origin_->host);
    if (!session) {
        fail({ErrorClass::overloaded, "tls.handshake", "No TLS session could be made."});
        return;
    }
    stream_.start_tls(std::move(session));
    state_ = State::handshaking;
    handshake_step();
}

void PersistentConnection::handshake_step() {
    const net::IoResult result = stream_.handshake();
    switch (result.state) {
        case net::IoState::done:
            tls_time_.cancel();
            opened();
            return;
        case net::IoState::want_read:
        case net::IoState::want_write:
            return;
        default:
            fail({ErrorClass::failed, "tls.handshake",
                  "TLS with " + origin_->authority + " failed: " + stream_.failure_text() + '.'});
    }
}

void PersistentConnection::opened() {
    state_ = State::open;
    send(*exchange_);
}

void PersistentConnection::connect_time_is_up() noexcept {
    fail({ErrorClass::disconnected, "connect.time_limit",
          "The server could not be reached within the time limit for connecting."});
}

void PersistentConnection::tls_time_is_up() noexcept {
    fail({ErrorClass::disconnected, "tls.time_limit",
          "TLS was not established within its time limit."});
}

// ---- In use -------------------------------------------------------------------------------------

bool PersistentConnection::has_ended() const noexcept {
    char byte = 0;
    const auto got = ::recv(stream_.descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0) {
        return errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
    }
    // Of TLS it may be a message of its own that nobody has read yet.
    return got == 0 || !stream_.is_tls();
}

void PersistentConnection::send(Exchange& exchange) {
    idle_time_.cancel();
    exchange_ = &exchange;
    exchange.connection = this;
    write_step();
}

void PersistentConnection::write_step() {
    Exchange& exchange = *exchange_;
    while (!exchange.has_sent_all()) {
        const std::string_view unsent = exchange.unsent();
        const net::IoResult sent = stream_.write_some(unsent.data(), unsent.size());
        switch (sent.state) {
            case net::IoState::done:
                exchange.written += sent.size;
                break;
            case net::IoState::want_read:
            case net::IoState::want_write:
                return;
            default: {
                // Who refuses a request may answer and close before all of it was sent.
                const std::string why = stream_.failure_text();
                read_step(true);
                if (exchange_ == &exchange) {
                    fail_stream(why);
                }
                return;
            }
        }
    }
    if (!exchange.reader.has_begun()) {
        services_.look_at_clock();
        services_.first_byte_limit.start(exchange.first_byte);
    }
}

void PersistentConnection::read_step(bool ended) {
    std::vector<char>& buffer = services_.read_buffer;
    Exchange& exchange = *exchange_;
    for (;;) {
        const net::IoResult got = stream_.read_some(buffer.data(), buffer.size());
        switch (got.state) {
            case net::IoState::done:
                break;
            case net::IoState::want_read:
            case net::IoState::want_write:
                return;
            case net::IoState::closed:
                stream_ended();
                return;
            case net::IoState::failed:
                fail_stream(stream_.failure_text());
                return;
        }
        exchange.first_byte.cancel();
        const ReadState state = exchange.reader.read(std::string_view(buffer.data(), got.size));
        if (state == ReadState::complete) {
            response_complete(got.drained, ended);
            return;
        }
        if (state == ReadState::failed) {
            fail(exchange.reader.error());
            return;
        }
        if (got.drained && !ended) {
            return;
        }
    }
}

void PersistentConnection::stream_ended() {
    ResponseReader& reader = exchange_->reader;
    if (!reader.has_begun()) {
        fail(closed("the server closed it"));
    } else if (reader.end_of_stream() == ReadState::complete) {
        response_complete(true, true);
    } else {
        fail(reader.error());
    }
}

void PersistentConnection::fail_stream(const std::string& why) noexcept {
    if (exchange_->reader.has_begun()) {
        fail({ErrorClass::failed, "response.closed_early",
              "The connection broke in the middle of the response: " + why + '.'});
    } else {
        fail(closed(why));
    }
}

void PersistentConnection::response_complete(bool drained, bool ended) {
    Exchange& exchange = *std::exchange(exchange_, nullptr);
    exchange.connection = nullptr;
    exchange.first_byte.cancel();
    is_kept_ = true;
    const bool reusable = !ended && exchange.reader.keep_alive() && exchange.has_sent_all();
    if (reusable && drained) {
        // First, so that whoever waits is served, and a redirect finds it idle. Nothing is read.
        owner_.on_reusable(*this);
        owner_.on_response(exchange);
        return;
    }
    owner_.on_response(exchange);
    if (reusable && read_idle()) {
        owner_.on_reusable(*this);
    } else {
        fail(closed("it was not to be kept"));
    }
}

bool PersistentConnection::read_idle() {
    // TLS has messages of its own, which are taken here.
    std::vector<char>& buffer = services_.read_buffer;
    const net::IoState state = stream_.read_some(buffer.data(), buffer.size()).state;
    return state == net::IoState::want_read;
}

void PersistentConnection::on_ready(net::ReadyFor what) noexcept {
    services_.look_at_clock();
    switch (state_) {
        case State::tunnelling:
            tunnel_step();
            return;
        case State::handshaking:
            handshake_step();
            return;
        case State::open:
            break;
        default:
            return;
    }
    if (exchange_ == nullptr) {
        if (what.ended || (what.reading && !read_idle())) {
            fail(closed("the server closed it"));
        }
        return;
    }
    const Exchange* exchange = exchange_;
    if (!exchange->has_sent_all()) {
        write_step();
    }
    // Writing may have ended it; and TLS may read when it can write.
    if (exchange_ == exchange && (what.reading || stream_.is_tls())) {
        read_step(what.ended);
    }
}

void PersistentConnection::idle_time_is_up() noexcept {
    fail(closed("it was idle for too long"));
}

// ---- Its end ------------------------------------------------------------------------------------

void PersistentConnection::fail(const Error& error) noexcept {
    Exchange* const exchange = exchange_;
    close();
    owner_.on_closed(*this, exchange, error);
}

void PersistentConnection::close() noexcept {
    if (state_ == State::resolving) {
        services_.resolver.forget(*this);
    }
    connector_.cancel();
    connect_time_.cancel();
    tls_time_.cancel();
    idle_time_.cancel();
    if (exchange_ != nullptr) {
        exchange_->first_byte.cancel();
        exchange_->connection = nullptr;
        exchange_ = nullptr;
    } else if (state_ == State::open && stream_.is_tls()) {
        stream_.shut_down();
    }
    if (is_watched_) {
        services_.readiness.remove(stream_.descriptor(), *this);
        is_watched_ = false;
    }
    stream_.close();
    state_ = State::closed;
}

}  // namespace patchbay::http_client
