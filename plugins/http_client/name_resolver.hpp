// SPDX-License-Identifier: Apache-2.0
/// \file
/// Names to addresses without holding up the lane: the system's look-up, which blocks, runs on a
/// few threads of the generation (Asio's resolver would start threads of its own). Questions for
/// the same name share one look-up, answers are kept for a while, and everything has a bound.
///
/// | code | meaning |
/// | --- | --- |
/// | `dns.not_found` | there is no such name |
/// | `dns.unavailable` | no server gave an answer (class disconnected: it may be asked again) |
/// | `dns.too_many_waiting` | the queue of names is full (class overloaded) |
#pragma once

#include "options.hpp"

#include <patchbay/awaitable.hpp>
#include <patchbay/host.hpp>
#include <patchbay/net/deadlines.hpp>
#include <patchbay/result.hpp>

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace patchbay::http_client {

using Addresses = std::vector<boost::asio::ip::address>;

/// Asks the operating system (getaddrinfo). [may-block]
[[nodiscard]] Result<Addresses> system_lookup(const std::string& name);

/// [lane]
class NameResolver {
  public:
    using Lookup = std::function<Result<Addresses>(const std::string&)>;

    /// Who waits for an answer, to one question at a time.
    class Waiter {
      public:
        Waiter() = default;
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;
        virtual void on_resolved(const Result<Addresses>& addresses) noexcept = 0;

      protected:
        ~Waiter() = default;
    };

    /// `lookup` is called on threads of its own. `after_answers` is called once after the waiters
    /// of an answer.
    NameResolver(const patchbay_host* host, const Executor& lane, const net::Clock& clock,
                 const ResolverOptions& options, Lookup lookup,
                 std::function<void()> after_answers);
    NameResolver(const NameResolver&) = delete;
    NameResolver& operator=(const NameResolver&) = delete;
    /// Idle threads are joined; one in the middle of a look-up is left to the host, which joins it
    /// before the library goes.
    ~NameResolver();

    /// Calls `who` with the addresses: before this returns when they are known, later otherwise.
    void resolve(const std::string& name, Waiter& who);
    /// `who` no longer waits.
    void forget(const Waiter& who) noexcept;

  private:
    struct Shared;
    struct Question {
        std::vector<Waiter*> waiters;
    };
    struct Known {
        Result<Addresses> addresses;
        std::chrono::nanoseconds until{};
    };

    void start_thread();
    void answer(const std::string& name, Result<Addresses> addresses);
    void keep(const std::string& name, const Result<Addresses>& addresses);

    const patchbay_host* host_;
    const net::Clock& clock_;
    ResolverOptions options_;
    std::function<void()> after_answers_;
    std::unordered_map<std::string, Known> known_;
    std::unordered_map<std::string, Question> questions_;
    std::shared_ptr<Shared> shared_;
    std::vector<Thread> threads_;
};

}  // namespace patchbay::http_client
