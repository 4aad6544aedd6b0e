// SPDX-License-Identifier: Apache-2.0
/// \file
/// Listening sockets that the host owns and lends to a connection (`patchbay.sockets/1`), so that a
/// reload refuses and resets no connection:
///
///     auto sockets = ListeningSockets::open(host, {.address = "127.0.0.1", .port = 8000, .count =
///     k}); for (const std::intptr_t descriptor : sockets->descriptors_of(lane.index(), k)) ...
///
/// The descriptors are waited on and accepted from, and never closed: an object that closes what it
/// was given (an Asio acceptor) has to `release()` it first.
#pragma once

#include <patchbay/host.hpp>
#include <patchbay/result.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace patchbay {

struct ListenOptions {
    /// An IP address ("127.0.0.1", "::"), or "unix:" and an absolute path. Not a host's name.
    std::string address = "127.0.0.1";
    /// 0 = any that is free; `ListeningSockets::port` tells which.
    std::uint16_t port = 0;
    /// Sockets, each with a queue of its own: one per lane that accepts, 1 to 64.
    std::uint32_t count = 1;
    /// Connections that wait to be accepted, per socket; 0 = as many as the system allows.
    std::uint32_t backlog = 0;
    /// "::" serves no IPv4 clients.
    bool ipv6_only = false;
    /// Permissions of the file of a "unix:" socket.
    std::uint32_t unix_mode = 0660;
};

/// The address that the `host` of a configuration stands for: an IP address, `localhost` (which is
/// 127.0.0.1), or "unix:" and a path. Other names are for the operator to look up: what they stand
/// for may change while the host runs. Code `listen.bad_host`.
[[nodiscard]] Result<std::string> listening_address(const std::string& host);

/// The sockets of one listening address, on loan. Given back by the destructor, and then closed,
/// unless another generation has them on loan too.
class ListeningSockets {
  public:
    /// None.
    ListeningSockets() = default;
    ListeningSockets(ListeningSockets&& other) noexcept;
    ListeningSockets& operator=(ListeningSockets&& other) noexcept;
    ~ListeningSockets();

    /// Borrows them; the host opens those that it does not hold yet for this instance (abi.h tells
    /// when they are the same again). Fails with the codes of `patchbay_sockets.listen`, and with
    /// `host.no_extension`. [any-thread] [no-block]
    [[nodiscard]] static Result<ListeningSockets> open(const Host& host,
                                                       const ListenOptions& options);

    /// All of them: at least as many as were asked for, and more when an earlier generation asked
    /// for more. Every one must be served, because the system spreads connections over all.
    [[nodiscard]] std::span<const std::intptr_t> descriptors() const noexcept {
        return descriptors_;
    }
    /// Those that lane `lane` of `lanes` serves, so that every one is served by exactly one lane.
    [[nodiscard]] std::vector<std::intptr_t> descriptors_of(std::uint32_t lane,
                                                            std::uint32_t lanes) const;
    /// 0 for "unix:".
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// "127.0.0.1:8000", "[::1]:8000" or "unix:/run/x.sock".
    [[nodiscard]] const std::string& address() const noexcept { return address_; }

    /// When they are given back, the host keeps them open for the next `open` of this instance:
    /// clients wait instead of being refused.
    void keep() noexcept { keep_ = true; }
    /// Gives them back now; nobody may use the descriptors any more. [any-thread] [no-block]
    void release() noexcept;

  private:
    const patchbay_host* host_ = nullptr;
    const patchbay_sockets* table_ = nullptr;
    std::uint64_t id_ = 0;
    std::vector<std::intptr_t> descriptors_;
    std::string address_;
    std::uint16_t port_ = 0;
    bool keep_ = false;
};

}  // namespace patchbay
