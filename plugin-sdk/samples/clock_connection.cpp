// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sample of the asynchronous interface: tells the time every so often, and answers to those who
/// ask for it.
#include <patchbay/connection.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

class ClockConnection : public patchbay::Connection {
  public:
    explicit ClockConnection(patchbay::Host& host)
        : Connection(host),
          listener_(config().get<std::string>("listener")),
          interval_(config().get<std::uint32_t>("interval_ms", 1000)),
          timer_(executor()),
          told_(counter("clock_told", "Times told")) {}

    patchbay::Awaitable<patchbay::Result<void>> connect() override {
        start_ = std::chrono::steady_clock::now();
        log().info("the clock starts");
        co_return patchbay::success();
    }

    patchbay::Awaitable<patchbay::Result<void>> disconnect() override {
        log().info("the clock stops");
        co_return patchbay::success();
    }

    patchbay::Awaitable<std::optional<patchbay::Envelope>> receive() override {
        timer_.expires_after(interval_);
        co_await timer_.async_wait(patchbay::use_awaitable);
        told_.add();
        co_return patchbay::Envelope{listener_, component_id(), "samples/time:0.1.0", now()};
    }

    patchbay::Awaitable<patchbay::Result<void>> send(patchbay::TakenEnvelope envelope) override {
        if (envelope.protocol_id() != "samples/time:0.1.0") {
            co_return patchbay::failure(patchbay::ErrorClass::unsupported, "clock.protocol",
                                        "The clock only tells the time.");
        }
        const std::string answer = now();
        co_return co_await reply(
            envelope, {envelope.sender(), envelope.to(), envelope.protocol_id(), answer});
    }

  private:
    [[nodiscard]] std::string now() const {
        const auto passed = std::chrono::steady_clock::now() - start_;
        return std::to_string(
            std::chrono::duration_cast<std::chrono::milliseconds>(passed).count());
    }

    std::string listener_;
    std::chrono::milliseconds interval_;
    patchbay::Timer timer_;
    patchbay::Metric told_;
    std::chrono::steady_clock::time_point start_;
};

PATCHBAY_REGISTER_CONNECTION(ClockConnection, "ClockConnection", "samples/clock:0.1.0")
