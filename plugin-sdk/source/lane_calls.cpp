// SPDX-License-Identifier: Apache-2.0
/// \file
/// Calls between connections, on both sides.
#include "instance.hpp"
#include "lane_core.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace patchbay::detail {

namespace {

const patchbay_calls* calls_of(const patchbay_host* host) {
    return static_cast<const patchbay_calls*>(
        host->get_extension(host, to_abi_string(PATCHBAY_CALLS_EXTENSION)));
}

ErrorClass class_of(patchbay_status status) {
    return status >= PATCHBAY_INVALID && status <= PATCHBAY_FAILED ? static_cast<ErrorClass>(status)
                                                                   : ErrorClass::failed;
}

tl::unexpected<Error> too_many() {
    return failure(ErrorClass::overloaded, "call.too_many_waiting",
                   "Too many calls of this lane wait for their answer already.");
}

}  // namespace

Result<std::uint64_t> LaneCore::start_call(std::string_view dependency, std::string_view method,
                                           std::string_view arguments, std::uint64_t cookie) {
    const patchbay_calls* table = calls_of(host_);
    if (table == nullptr) {
        return failure(ErrorClass::unsupported, "host.no_extension",
                       "The host does not offer " PATCHBAY_CALLS_EXTENSION ".");
    }
    const std::uint64_t handle = table->dependency(host_, to_abi_string(dependency));
    if (handle == 0) {
        return failure(ErrorClass::invalid, "call.undeclared_dependency",
                       "'" + std::string(dependency) +
                           "' is not among the connections that connection.yaml lists.");
    }
    const patchbay_status status =
        table->call(abi(), handle, to_abi_string(method), to_abi_bytes(arguments), cookie);
    if (status < 0) {
        return failure(class_of(status), "call.refused",
                       "The host did not pass on the call of '" + std::string(method) + "' to '" +
                           std::string(dependency) + "'.");
    }
    return cookie;
}

Awaitable<Result<std::string>> LaneCore::call(std::string_view dependency, std::string_view method,
                                              std::string_view arguments) {
    Event arrived(executor());
    std::optional<Result<std::string>> answer;
    const std::uint64_t cookie = calls_.add([&](Result<std::string> what) {
        answer = std::move(what);
        arrived.notify();
    });
    if (cookie == 0) {
        co_return too_many();
    }
    struct Forget {
        PendingAnswers<Result<std::string>>& calls;
        std::uint64_t cookie;
        ~Forget() { calls.forget(cookie); }
    } const forget{calls_, cookie};
    auto started = start_call(dependency, method, arguments, cookie);
    if (!started) {
        co_return tl::unexpected<Error>(std::move(started.error()));
    }
    while (!answer) {
        co_await arrived.wait();
    }
    co_return std::move(*answer);
}

Result<std::string> LaneCore::call_blocking(std::string_view dependency, std::string_view method,
                                            std::string_view arguments) {
    std::mutex mutex;
    std::condition_variable arrived;
    std::optional<Result<std::string>> answer;
    const std::uint64_t cookie = calls_.add([&](Result<std::string> what) {
        const std::lock_guard lock(mutex);  // notified under the lock: the waiter frees all this
        answer = std::move(what);
        arrived.notify_one();
    });
    if (cookie == 0) {
        return too_many();
    }
    auto started = start_call(dependency, method, arguments, cookie);
    if (!started) {
        calls_.forget(cookie);
        return tl::unexpected<Error>(std::move(started.error()));
    }
    std::unique_lock lock(mutex);
    arrived.wait(lock, [&] { return answer.has_value(); });
    return std::move(*answer);
}

void LaneCore::handle_call_result(const patchbay_signal& signal) {
    const std::string payload(to_view(signal.payload));
    Result<std::string> result = payload;
    if (signal.status < 0) {
        result = failure(class_of(signal.status), std::string(to_view(signal.name)), payload);
    }
    calls_.answer(signal.token, std::move(result));
}

void LaneCore::handle_call(const patchbay_signal& signal) {
    tasks_.start(TaskKind::call, signal.token, {},
                 answer_call(signal.token, std::string(to_view(signal.name)),
                             std::string(to_view(signal.payload))));
}

void LaneCore::complete_call(std::uint64_t token, const Result<std::string>& result) {
    patchbay_error error{};
    if (!result) {
        error = to_abi_error(result.error());
    }
    calls_of(host_)->call_complete(
        host_, token, result ? PATCHBAY_OK : error.status,
        to_abi_bytes(result ? std::string_view(*result) : std::string_view()),
        result ? nullptr : &error);
}

Awaitable<void> LaneCore::answer_call(std::uint64_t token, std::string method,
                                      std::string arguments) {
    Result<std::string> result =
        failure(ErrorClass::disconnected, "call.lane_ended", "The called connection has ended.");
    struct Completion {
        LaneCore& lane;
        std::uint64_t token;
        const Result<std::string>& result;
        ~Completion() {
            if (!lane.has_ended()) {
                lane.complete_call(token, result);
            }
        }
    } const completion{*this, token, result};
    try {
        result = co_await instance_.connection().on_call(std::move(method), std::move(arguments));
    } catch (...) {
        result = tl::unexpected<Error>(describe_current_exception("on_call"));
    }
}

}  // namespace patchbay::detail
