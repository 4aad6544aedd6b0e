// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the parts of the client on one lane share: sockets' readiness, time, names, TLS, options.
#pragma once

#include "name_resolver.hpp"
#include "options.hpp"

#include <patchbay/net/deadlines.hpp>
#include <patchbay/net/readiness.hpp>
#include <patchbay/net/tls.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace patchbay::http_client {

/// Calls a member function when the time is up, so that one object can have several deadlines.
template <class Owner, void (Owner::*call)() noexcept>
class DeadlineOf final : public net::Deadline {
  public:
    explicit DeadlineOf(Owner& owner) : owner_(owner) {}
    void on_deadline() noexcept override { (owner_.*call)(); }

  private:
    Owner& owner_;
};

/// [lane]
class LaneServices {
  public:
    /// `end_of_turn` is called after everything that the network, time or names brought.
    LaneServices(Lane& lane, const Host& host, const Options& configured,
                 const net::TlsContext& tls_context, NameResolver::Lookup lookup,
                 const std::function<void()>& end_of_turn, std::uint64_t timer)
        : options(configured),
          tls(tls_context),
          clock(host),
          deadlines(lane, clock, timer),
          connect_limit(deadlines.queue(options.times.connect)),
          tls_limit(deadlines.queue(options.times.tls)),
          first_byte_limit(deadlines.queue(options.times.first_byte)),
          total_limit(deadlines.queue(options.times.total)),
          idle_limit(deadlines.queue(options.times.idle)),
          stagger(deadlines.queue(attempt_delay)),
          readiness(lane.executor(), end_of_turn),
          resolver(host.abi(), lane.executor(), clock, options.resolver, std::move(lookup),
                   end_of_turn),
          read_buffer(read_size) {}

    /// To be called before time is measured: one look at the clock serves a turn.
    void look_at_clock() noexcept {
        if (!looked_) {
            looked_ = true;
            deadlines.refresh();
        }
    }
    /// The turn is over.
    void end_turn() noexcept { looked_ = false; }

    /// RFC 8305's delay between attempts to connect.
    static constexpr std::chrono::milliseconds attempt_delay{250};
    static constexpr std::size_t read_size = 64UL * 1024;

    const Options& options;
    const net::TlsContext& tls;
    const net::Clock clock;
    net::Deadlines deadlines;
    net::DeadlineQueue& connect_limit;
    net::DeadlineQueue& tls_limit;
    net::DeadlineQueue& first_byte_limit;
    net::DeadlineQueue& total_limit;
    net::DeadlineQueue& idle_limit;
    net::DeadlineQueue& stagger;
    net::ReadinessSet readiness;
    NameResolver resolver;
    /// What a socket is read into; its content is used before anything else is read.
    std::vector<char> read_buffer;

  private:
    bool looked_ = false;
};

}  // namespace patchbay::http_client
