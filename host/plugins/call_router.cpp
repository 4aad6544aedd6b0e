// SPDX-License-Identifier: Apache-2.0
#include "plugins/call_router.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace patchbay::plugins {

CallRouter::~CallRouter() {
    for (const auto& [token, call] : calls_) {
        scheduler_.cancel(call.limit);
    }
}

patchbay_status CallRouter::call(const std::shared_ptr<CallParty>& caller, std::uint32_t lane,
                                 const std::shared_ptr<CallParty>& target, std::string_view method,
                                 std::string_view arguments, std::uint64_t cookie,
                                 std::uint64_t limit) {
    if (method.empty() || method.size() > longest_method || arguments.size() > largest_payload) {
        return PATCHBAY_INVALID;
    }
    if (target == nullptr || !target->is_callable()) {
        return PATCHBAY_DISCONNECTED;
    }
    std::uint64_t token = 0;
    {
        const std::lock_guard lock(mutex_);
        std::size_t& open = open_[caller.get()];
        if (open >= calls_per_caller) {
            return PATCHBAY_OVERLOADED;
        }
        ++open;
        token = next_token_++;
        const TaskId task = scheduler_.after(limit, [this, token] { expire(token); });
        calls_.emplace(token, Call{caller, caller.get(), target.get(), lane, cookie, task});
    }
    multiplexer::Signal signal;
    signal.kind = PATCHBAY_SIGNAL_CALL;
    signal.token = token;
    signal.name = method;
    signal.payload = arguments;
    if (!target->post(0, std::move(signal))) {
        Call call;
        // When somebody answered already (the target went away just now), that answer counts.
        return take(token, call) ? PATCHBAY_OVERLOADED : PATCHBAY_OK;
    }
    if (!target->is_callable()) {
        // It went between the two looks; `party_gone` may have run before the call was there.
        Call call;
        if (take(token, call)) {
            return PATCHBAY_DISCONNECTED;
        }
    }
    return PATCHBAY_OK;
}

bool CallRouter::complete(const CallParty& target, std::uint64_t token, patchbay_status status,
                          std::string_view result, const patchbay_error* error) {
    {
        const std::lock_guard lock(mutex_);
        const auto place = calls_.find(token);
        if (place == calls_.end() || place->second.target != &target) {
            return false;
        }
    }
    Call call;
    if (!take(token, call)) {
        return false;
    }
    if (status == PATCHBAY_OK) {
        answer(call, status, {}, std::string(result));
    } else if (error != nullptr && PATCHBAY_HAS(patchbay_error, error, text)) {
        answer(call, status, std::string(error->code, ::strnlen(error->code, sizeof(error->code))),
               std::string(error->text, ::strnlen(error->text, sizeof(error->text))));
    } else {
        answer(call, status, "call.failed", "the dependency gave no reason");
    }
    return true;
}

bool CallRouter::redirect(std::uint64_t token, const CallParty& from, const CallParty& to) {
    const std::lock_guard lock(mutex_);
    const auto place = calls_.find(token);
    if (place == calls_.end() || place->second.target != &from) {
        return false;
    }
    place->second.target = &to;
    return true;
}

bool CallRouter::owes_answers(const CallParty& target) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(calls_.begin(), calls_.end(),
                       [&](const auto& entry) { return entry.second.target == &target; });
}

void CallRouter::party_gone(const CallParty& party) {
    std::vector<std::uint64_t> tokens;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [token, call] : calls_) {
            if (call.target == &party || call.caller_key == &party) {
                tokens.push_back(token);
            }
        }
    }
    for (const std::uint64_t token : tokens) {
        Call call;
        if (take(token, call) && call.caller_key != &party) {
            answer(call, PATCHBAY_DISCONNECTED, "call.disconnected",
                   "the dependency is no longer connected");
        }
    }
}

void CallRouter::expire(std::uint64_t token) {
    Call call;
    if (take(token, call)) {
        answer(call, PATCHBAY_OVERLOADED, "call.time_limit",
               "the dependency did not answer within the time limit");
    }
}

bool CallRouter::take(std::uint64_t token, Call& call) {
    const std::lock_guard lock(mutex_);
    const auto place = calls_.find(token);
    if (place == calls_.end()) {
        return false;
    }
    call = std::move(place->second);
    calls_.erase(place);
    scheduler_.cancel(call.limit);
    const auto open = open_.find(call.caller_key);
    if (--open->second == 0) {
        open_.erase(open);
    }
    return true;
}

void CallRouter::answer(const Call& call, patchbay_status status, std::string name,
                        std::string payload) {
    if (const auto caller = call.caller.lock()) {
        multiplexer::Signal signal;
        signal.kind = PATCHBAY_SIGNAL_CALL_RESULT;
        signal.status = status;
        signal.token = call.cookie;
        signal.name = std::move(name);
        signal.payload = std::move(payload);
        (void)caller->post(call.lane, std::move(signal));
    }
}

}  // namespace patchbay::plugins
