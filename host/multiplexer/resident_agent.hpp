// SPDX-License-Identifier: Apache-2.0
/// \file
/// The resident agent: a C++ program that links the host's library and talks to connections
/// through an InBox and an OutBox, as an agent of upstream does.
///
///     auto agent = ResidentAgent::create(multiplexer, {.name = "agent"}).value();
///     agent->outbox().put_message("patchbay/echo:0.1.0", "me/agent:0.1.0", message);
///     if (auto received = agent->inbox().get(1s)) { ... }
///
/// For a program on Boost.Asio see resident_agent_async.hpp.
#pragma once

#include "multiplexer/multiplexer.hpp"

#include <patchbay/abi.h>
#include <patchbay/envelope.hpp>
#include <patchbay/protocols/default.hpp>
#include <patchbay/protocols/http.hpp>
#include <patchbay/result.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::multiplexer {

class Lane;
struct ResidentState;

/// An envelope from the InBox.
struct Received {
    Envelope envelope;
    /// Give it to `OutBox::answer`, so that the answer finds the lane that asked.
    patchbay_origin origin{};
    std::uint32_t hops = 0;
};

/// Read side. All functions are callable from any thread.
class InBox {
  public:
    [[nodiscard]] bool empty() const;
    /// The next envelope, or nothing when there is none.
    [[nodiscard]] std::optional<Received> get_nowait();
    /// Waits for one; nothing when the time is over.
    [[nodiscard]] std::optional<Received> get(std::chrono::nanoseconds timeout);
    /// Waits until there is one, without taking it. False: the time is over.
    [[nodiscard]] bool wait(std::chrono::nanoseconds timeout);

    /// Becomes readable after `sleep` said true and something arrived; for event loops.
    [[nodiscard]] std::intptr_t descriptor() const;
    /// True: nothing is there, and `descriptor` will tell.
    [[nodiscard]] bool sleep();

  private:
    friend class ResidentAgent;
    explicit InBox(ResidentState& state) : state_(state) {}
    ResidentState& state_;
};

/// Write side. What it accepts was handed to the multiplexer when it returns; there is no queue in
/// between. All functions are callable from any thread.
///
/// Failures: `outbox.no_to`, `outbox.no_sender`, `outbox.no_protocol`, `outbox.not_a_message`
/// (class invalid), those of the envelope codec, `outbox.full` (class overloaded: try again later),
/// `outbox.dead_lettered` (the text tells the reason), `outbox.not_connected`.
class OutBox {
  public:
    [[nodiscard]] bool empty() const { return true; }
    /// The message must be one: bytes that are not a message of a dialogue are refused, as
    /// upstream's OutBox refuses them. `Multiplexer`-level traffic goes through `put_raw`.
    Result<void> put(const Envelope& envelope);
    Result<void> put_raw(const Envelope& envelope);
    /// Builds the envelope. `connection_id` is the context's connection.
    Result<void> put_message(std::string_view to, std::string_view sender,
                             const protocols::DefaultMessage& message,
                             std::string_view connection_id = {});
    Result<void> put_message(std::string_view to, std::string_view sender,
                             const protocols::HttpMessageView& message,
                             std::string_view connection_id = {});
    /// Sends an answer to the lane that asked, while that lives; else by its `to`.
    Result<void> answer(const Received& request, const Envelope& answer);

  private:
    friend class ResidentAgent;
    explicit OutBox(ResidentState& state) : state_(state) {}
    Result<void> deliver(const Envelope& envelope, const patchbay_origin& reply_to,
                         std::uint32_t hops);
    ResidentState& state_;
};

struct ResidentAgentOptions {
    std::string name = "agent";
    /// Empty: `resident/NAME:0.1.0`.
    std::string component_id{};
    /// Envelopes that may wait in the InBox.
    std::uint32_t inbox_envelopes = 8192;
    std::uint64_t inbox_bytes = 64U << 20U;
};

/// Connected from its creation to its end. The multiplexer must outlive it.
class ResidentAgent {
  public:
    [[nodiscard]] static Result<std::unique_ptr<ResidentAgent>> create(
        Multiplexer& multiplexer, const ResidentAgentOptions& options);
    ResidentAgent(const ResidentAgent&) = delete;
    ResidentAgent& operator=(const ResidentAgent&) = delete;
    ~ResidentAgent();

    [[nodiscard]] InBox& inbox() noexcept { return inbox_; }
    [[nodiscard]] OutBox& outbox() noexcept { return outbox_; }
    [[nodiscard]] Instance& instance() noexcept;

  private:
    explicit ResidentAgent(std::unique_ptr<ResidentState> state);
    std::unique_ptr<ResidentState> state_;
    InBox inbox_;
    OutBox outbox_;
};

}  // namespace patchbay::multiplexer
