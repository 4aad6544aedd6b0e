// SPDX-License-Identifier: Apache-2.0
/// \file
/// Calls between connections (patchbay.calls/1). A call is a signal to the dependency's first lane,
/// its answer a signal to the caller's lane; neither side ever holds a pointer of the other. Every
/// call that was begun is answered once: by the dependency, because it is gone, or by the time
/// limit.
#pragma once

#include "multiplexer/signal.hpp"
#include "plugins/scheduler.hpp"

#include <patchbay/abi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace patchbay::plugins {

/// The object of an instance as caller and as callee.
class CallParty {
  public:
    CallParty() = default;
    CallParty(const CallParty&) = delete;
    CallParty& operator=(const CallParty&) = delete;
    virtual ~CallParty() = default;

    /// Connected: it answers calls.
    [[nodiscard]] virtual bool is_callable() const = 0;
    /// Gives a signal to the lane; false when the lane is gone or full. Any thread.
    virtual bool post(std::uint32_t lane, multiplexer::Signal signal) = 0;
};

/// A dependency as its dependents hold it: whoever runs for it changes with a reload.
class CallEndpoint {
  public:
    CallEndpoint() = default;
    CallEndpoint(const CallEndpoint&) = delete;
    CallEndpoint& operator=(const CallEndpoint&) = delete;
    virtual ~CallEndpoint() = default;

    /// Who takes new calls; null when nobody runs. Any thread.
    [[nodiscard]] virtual std::shared_ptr<CallParty> call_party() = 0;
};

/// Thread-safe.
class CallRouter {
  public:
    /// Bound of unanswered calls per caller.
    static constexpr std::size_t calls_per_caller = 1024;
    static constexpr std::size_t longest_method = 256;
    static constexpr std::size_t largest_payload = std::size_t{8} << 20U;

    explicit CallRouter(Scheduler& scheduler) : scheduler_(scheduler) {}
    CallRouter(const CallRouter&) = delete;
    CallRouter& operator=(const CallRouter&) = delete;
    ~CallRouter();

    /// OK: exactly one CALL_RESULT with `cookie` follows. DISCONNECTED: the dependency is not
    /// connected. OVERLOADED: too many unanswered calls, or no room there. INVALID: too long.
    patchbay_status call(const std::shared_ptr<CallParty>& caller, std::uint32_t lane,
                         const std::shared_ptr<CallParty>& target, std::string_view method,
                         std::string_view arguments, std::uint64_t cookie, std::uint64_t limit);
    /// The target's answer. False: no such call of that target; it may have been answered for it.
    bool complete(const CallParty& target, std::uint64_t token, patchbay_status status,
                  std::string_view result, const patchbay_error* error);
    /// The call is for `to` from now on, which is to be given its signal. False: it was answered.
    bool redirect(std::uint64_t token, const CallParty& from, const CallParty& to);
    /// There are calls that this party has not answered.
    [[nodiscard]] bool owes_answers(const CallParty& target) const;
    /// Answers DISCONNECTED to all calls that this party has not answered, and forgets its own.
    void party_gone(const CallParty& party);

  private:
    struct Call {
        std::weak_ptr<CallParty> caller;
        const CallParty* caller_key = nullptr;
        const CallParty* target = nullptr;
        std::uint32_t lane = 0;
        std::uint64_t cookie = 0;
        TaskId limit = 0;
    };
    void expire(std::uint64_t token);
    /// Takes the call out of the table; false when somebody else did.
    bool take(std::uint64_t token, Call& call);
    static void answer(const Call& call, patchbay_status status, std::string name,
                       std::string payload);

    Scheduler& scheduler_;
    mutable std::mutex mutex_;
    std::unordered_map<std::uint64_t, Call> calls_;
    std::unordered_map<const CallParty*, std::size_t> open_;
    std::uint64_t next_token_ = 1;
};

}  // namespace patchbay::plugins
