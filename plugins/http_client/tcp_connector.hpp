// SPDX-License-Identifier: Apache-2.0
/// \file
/// Connects to the first of several addresses that answers, by RFC 8305 ("happy eyeballs"):
/// families take turns, IPv6 first as the system gave them; the next attempt begins when one
/// failed, or 250 ms after the last began; the first success ends the others.
///
/// | code | class | meaning |
/// | --- | --- | --- |
/// | `connect.refused` | disconnected | nobody listens there |
/// | `connect.failed` | disconnected | not reachable |
/// | `connect.no_socket` | overloaded | the system gives no socket |
/// | `http_client.private_address` | failed | every address is refused by the access rules |
#pragma once

#include "lane_services.hpp"

#include <patchbay/net/descriptor.hpp>
#include <patchbay/net/readiness.hpp>
#include <patchbay/result.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace patchbay::http_client {

/// The order in which addresses are tried.
[[nodiscard]] Addresses interleaved(const Addresses& addresses);

/// [lane]
class TcpConnector {
  public:
    class Listener {
      public:
        Listener() = default;
        Listener(const Listener&) = delete;
        Listener& operator=(const Listener&) = delete;
        /// A connected non-blocking socket, without Nagle's delay.
        virtual void on_connected(net::Descriptor socket) noexcept = 0;
        virtual void on_connect_failed(const Error& error) noexcept = 0;

      protected:
        ~Listener() = default;
    };

    TcpConnector(LaneServices& services, Listener& listener);
    TcpConnector(const TcpConnector&) = delete;
    TcpConnector& operator=(const TcpConnector&) = delete;
    ~TcpConnector();

    /// May call the listener before it returns. `access` is asked about every address; null: all
    /// are good.
    void start(const Addresses& addresses, std::uint16_t port, const AccessRules* access);
    /// The listener is not called any more.
    void cancel() noexcept;

  private:
    class Attempt final : public net::Readiness {
      public:
        Attempt(TcpConnector& connector, net::Descriptor socket)
            : connector_(connector), socket_(std::move(socket)) {}
        void on_ready(net::ReadyFor what) noexcept override;
        [[nodiscard]] net::Descriptor& socket() noexcept { return socket_; }

      private:
        TcpConnector& connector_;
        net::Descriptor socket_;
    };

    void next() noexcept;
    /// True when an attempt is under way.
    bool attempt(const boost::asio::ip::address& address);
    void fail(int system_error);
    void attempt_ended(Attempt& attempt, int system_error) noexcept;

    LaneServices& services_;
    Listener& listener_;
    DeadlineOf<TcpConnector, &TcpConnector::next> stagger_{*this};
    Addresses addresses_;
    std::size_t next_address_ = 0;
    std::uint16_t port_ = 0;
    std::vector<std::unique_ptr<Attempt>> attempts_;
    /// Those that are over, kept until the next start: one of them may be calling.
    std::vector<std::unique_ptr<Attempt>> ended_;
    std::optional<Error> error_;
};

}  // namespace patchbay::http_client
