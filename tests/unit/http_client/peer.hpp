// SPDX-License-Identifier: Apache-2.0
/// \file
/// A server for tests, scripted byte by byte: the test itself accepts, reads and writes on real
/// sockets, plain or with TLS. Waits end with an exception after a patience that only a failing
/// test uses up.
#pragma once

#include "certificates.hpp"

#include <patchbay/net/descriptor.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace patchbay::http_client {

/// One accepted connection.
class Peer {
  public:
    explicit Peer(net::Descriptor socket);
    Peer(Peer&&) noexcept;
    Peer& operator=(Peer&&) noexcept;
    ~Peer();

    /// The server's side of a handshake; false when the client breaks it off.
    [[nodiscard]] bool start_tls(const Certificate& certificate,
                                 const std::string& client_authorities = {});
    /// After `start_tls`: the name that the client asked for, and whether it showed a certificate.
    [[nodiscard]] std::string asked_name() const;
    [[nodiscard]] bool has_client_certificate() const;

    /// A request: up to the empty line, and as many bytes of body as Content-Length says.
    [[nodiscard]] std::string read_request();
    /// Exactly so many bytes.
    [[nodiscard]] std::string read(std::size_t size);
    void send(std::string_view bytes);
    /// A response with this status line's rest, headers and a Content-Length.
    void respond(std::string_view status, std::string_view body = {},
                 std::string_view headers = {});
    /// Waits until the client has closed its side.
    void wait_for_close();
    void close();
    /// Closes without the end that TLS has.
    void cut();
    /// Closes so that the client sees a reset.
    void reset();

  private:
    [[nodiscard]] std::size_t read_some(char* buffer, std::size_t size);

    net::Descriptor socket_;
    std::string rest_;
    struct Tls;
    std::unique_ptr<Tls> tls_;
};

class Server {
  public:
    /// Listens on an address of the loopback network, at any free port.
    explicit Server(const std::string& address = "127.0.0.1", int backlog = 64,
                    std::uint16_t port = 0);

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// "http://127.0.0.1:PORT" followed by `target`.
    [[nodiscard]] std::string url(std::string_view target = "/") const;
    [[nodiscard]] Peer accept();
    /// Whether somebody has connected whom `accept` would give.
    [[nodiscard]] bool has_visitor() const;
    void stop() { socket_ = net::Descriptor(); }

  private:
    std::string address_;
    net::Descriptor socket_;
    std::uint16_t port_ = 0;
};

}  // namespace patchbay::http_client
