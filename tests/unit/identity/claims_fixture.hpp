// SPDX-License-Identifier: Apache-2.0
/// \file
/// Claims in a folder of their own, with a clock that stands until the test moves it.
#pragma once

#include "events/event.hpp"
#include "identity/claims.hpp"
#include "multiplexer/clock.hpp"
#include "unit/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::identity {

class StandingClock final : public multiplexer::Clock {
  public:
    [[nodiscard]] std::uint64_t monotonic() const noexcept override { return monotonic_; }
    [[nodiscard]] std::uint64_t wall() const noexcept override { return wall_; }
    /// Time passes.
    void advance(std::chrono::nanoseconds time) {
        monotonic_ += static_cast<std::uint64_t>(time.count());
        wall_ += static_cast<std::uint64_t>(time.count());
    }
    /// Somebody sets the clock.
    void step(std::chrono::nanoseconds time) { wall_ += static_cast<std::uint64_t>(time.count()); }
    void set_wall(std::uint64_t wall) { wall_ = wall; }

  private:
    std::atomic<std::uint64_t> monotonic_{1'000'000'000};
    std::atomic<std::uint64_t> wall_{1'754'592'348'856'811'000};
};

class RecordedEvents final : public events::EventSink {
  public:
    void publish(events::Event event) override {
        const std::lock_guard lock(mutex_);
        events_.push_back(std::move(event));
        changed_.notify_all();
    }
    [[nodiscard]] bool wants(events::Level, const std::string&) const override { return true; }

    /// Text of the first event with that code; empty when there is none.
    [[nodiscard]] std::string text(const std::string& code) const {
        const std::lock_guard lock(mutex_);
        for (const events::Event& event : events_) {
            if (event.code == code) {
                return event.text;
            }
        }
        return {};
    }
    [[nodiscard]] bool has(const std::string& code) const { return !text(code).empty(); }
    /// Whoever sends at the moment also sends what others have to tell: it may be another thread.
    [[nodiscard]] bool await(const std::string& code) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(60), [&] {
            return std::any_of(events_.begin(), events_.end(),
                               [&](const events::Event& event) { return event.code == code; });
        });
    }
    /// True when `secret` stands in any text.
    [[nodiscard]] bool tells(const std::string& secret) const {
        const std::lock_guard lock(mutex_);
        for (const events::Event& event : events_) {
            if (event.text.find(secret) != std::string::npos) {
                return true;
            }
        }
        return false;
    }

  private:
    mutable std::condition_variable changed_;
    mutable std::mutex mutex_;
    std::vector<events::Event> events_;
};

/// Waits for the answer of an asynchronous request.
template <class T, class Ask>
Result<T> answer(Ask ask) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    std::future<Result<T>> future = promise->get_future();
    Result<void> asked =
        ask([promise](Result<T> result) { promise->set_value(std::move(result)); });
    if (!asked) {
        return tl::unexpected<Error>(std::move(asked.error()));
    }
    if (future.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
        return failure(ErrorClass::failed, "test.timeout", "No answer.");
    }
    return future.get();
}

template <class T>
std::string code_of_result(const Result<T>& result) {
    return result ? "ok" : result.error().code;
}

class ClaimsTest : public ::testing::Test {
  protected:
    ClaimsTest() {
        options.data_dir = folder.path();
        options.network_id = "network-1";
    }

    void start() {
        claims.reset();
        Result<std::unique_ptr<Claims>> opened = Claims::open(options, events, clock);
        ASSERT_TRUE(opened) << to_string(opened.error());
        claims = std::move(*opened);
    }

    Result<ClaimOutcome> claim(ClaimRequest request) {
        return answer<ClaimOutcome>(
            [&](ClaimDone then) { return claims->claim(std::move(request), std::move(then)); });
    }
    Result<ClaimOutcome> claim(const std::string& agent_id) {
        ClaimRequest request;
        request.agent_id = agent_id;
        request.remote = "127.0.0.1:1";
        return claim(std::move(request));
    }
    Result<ClaimOutcome> renew(const ClaimOutcome& owned, bool void_earlier = false) {
        return answer<ClaimOutcome>([&](ClaimDone then) {
            return claims->renew({owned.agent_id, owned.claim, "127.0.0.1:1", false}, void_earlier,
                                 std::move(then));
        });
    }
    Result<void> release(const std::string& agent_id, std::uint64_t proven,
                         bool by_operator = false) {
        return answer<void>([&](Done then) {
            return claims->release({agent_id, proven, "127.0.0.1:1", by_operator}, std::move(then));
        });
    }
    Result<void> revoke(const std::string& agent_id) {
        return answer<void>(
            [&](Done then) { return claims->revoke(agent_id, "operator", std::move(then)); });
    }
    Result<void> use(const ClaimOutcome& owned) {
        return answer<void>([&](Done then) {
            return claims->mark_used(claims->check(owned.certificate), std::move(then));
        });
    }
    Result<IssuedToken> issue_token(TokenRequest request) {
        return answer<IssuedToken>([&](TokenDone then) {
            return claims->issue_token(std::move(request), std::move(then));
        });
    }
    CertificateVerdict verdict(const ClaimOutcome& owned, std::string_view expected = {}) {
        return claims->check(owned.certificate, expected).verdict;
    }

    TemporaryFolder folder;
    StandingClock clock;
    RecordedEvents events;
    ClaimsOptions options;
    std::unique_ptr<Claims> claims;
};

}  // namespace patchbay::identity
