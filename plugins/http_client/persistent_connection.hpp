// SPDX-License-Identifier: Apache-2.0
/// \file
/// One connection to an origin: opened (name, TCP, the proxy's tunnel, TLS), used for one exchange
/// after the other, and closed. A plain object with a state; while idle it holds no buffers.
///
/// Failures while it opens: those of name_resolver.hpp and tcp_connector.hpp, and
///
/// | code | class | meaning |
/// | --- | --- | --- |
/// | `connect.time_limit` | disconnected | `connect_timeout` passed |
/// | `proxy.refused` | failed | the proxy did not open a tunnel |
/// | `proxy.failed` | disconnected | the proxy gave no proper answer |
/// | `tls.handshake` | failed | no TLS with the server, or a certificate that is not trusted |
/// | `tls.time_limit` | disconnected | `tls_timeout` passed |
///
/// Failures in use: those of response_reader.hpp, and `connection.closed` (class disconnected) when
/// it broke or was closed before the first byte of the response.
#pragma once

#include "exchange.hpp"
#include "lane_services.hpp"
#include "tcp_connector.hpp"

#include <patchbay/net/readiness.hpp>
#include <patchbay/net/stream.hpp>
#include <patchbay/result.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace patchbay::http_client {

/// As an item of a list it has a place among the idle connections of its origin.
class PersistentConnection final : public IntrusiveHook,
                                   public net::Readiness,
                                   private NameResolver::Waiter,
                                   private TcpConnector::Listener {
  public:
    /// The pool. None of these may throw.
    class Owner {
      public:
        Owner() = default;
        Owner(const Owner&) = delete;
        Owner& operator=(const Owner&) = delete;
        /// It has closed itself. `exchange` was on it, or is the one it was being opened for; null
        /// when it was idle.
        virtual void on_closed(PersistentConnection& connection, Exchange* exchange,
                               const Error& why) noexcept = 0;
        /// The response is complete, and valid until something else is read. The connection has
        /// let go of the exchange.
        virtual void on_response(Exchange& exchange) noexcept = 0;
        /// It can be used again, after `on_response` or before it.
        virtual void on_reusable(PersistentConnection& connection) noexcept = 0;

      protected:
        ~Owner() = default;
    };

    PersistentConnection(LaneServices& services, Owner& owner);
    ~PersistentConnection();

    /// Opens a connection and then sends the exchange's request; may call the owner before it
    /// returns.
    void open(Origin& origin, Exchange& exchange);
    /// Whether the server has closed this idle connection, or sent what nobody asked for: a look
    /// that costs a call of the system.
    [[nodiscard]] bool has_ended() const noexcept;
    /// Sends the exchange's request on an idle connection; may call the owner before it returns.
    void send(Exchange& exchange);
    /// Closes it, and lets go of its exchange, without telling the owner.
    void close() noexcept;
    /// Starts the time for which an idle connection is kept.
    void rest() noexcept { services_.idle_limit.start(idle_time_); }

    /// Its place among the idle connections of all origins.
    struct Recency : public IntrusiveHook {
        explicit Recency(PersistentConnection& whose) : connection(whose) {}
        PersistentConnection& connection;
    };
    Recency recency{*this};
    /// Takes it out of the lists of idle connections.
    void leave_idle() noexcept {
        IntrusiveHook::unlink();
        recency.unlink();
    }

    [[nodiscard]] Origin& origin() const noexcept { return *origin_; }
    /// Whether it has served an exchange before.
    [[nodiscard]] bool is_kept() const noexcept { return is_kept_; }

    void on_ready(net::ReadyFor what) noexcept override;

  private:
    enum class State : std::uint8_t {
        closed,
        resolving,
        connecting,
        tunnelling,
        handshaking,
        open
    };

    void on_resolved(const Result<Addresses>& addresses) noexcept override;
    void on_connected(net::Descriptor socket) noexcept override;
    void on_connect_failed(const Error& error) noexcept override;
    void connect_time_is_up() noexcept;
    void tls_time_is_up() noexcept;
    void idle_time_is_up() noexcept;

    void begin_tunnel();
    void tunnel_step();
    void begin_handshake();
    void handshake_step();
    void opened();
    void fail(const Error& error) noexcept;
    /// The failure of a stream in use.
    void fail_stream(const std::string& why) noexcept;

    void write_step();
    void read_step(bool ended);
    void response_complete(bool drained, bool ended);
    void stream_ended();
    /// False when something came that ends an idle connection.
    [[nodiscard]] bool read_idle();

    LaneServices& services_;
    Owner& owner_;
    TcpConnector connector_;
    net::Stream stream_;
    Origin* origin_ = nullptr;
    Exchange* exchange_ = nullptr;
    State state_ = State::closed;
    bool is_kept_ = false;
    bool is_watched_ = false;
    /// Only while a tunnel is being opened.
    struct Tunnel;
    std::unique_ptr<Tunnel> tunnel_;
    DeadlineOf<PersistentConnection, &PersistentConnection::connect_time_is_up> connect_time_{
        *this};
    DeadlineOf<PersistentConnection, &PersistentConnection::tls_time_is_up> tls_time_{*this};
    DeadlineOf<PersistentConnection, &PersistentConnection::idle_time_is_up> idle_time_{*this};
};

}  // namespace patchbay::http_client
