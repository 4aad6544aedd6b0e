// SPDX-License-Identifier: Apache-2.0
/// \file
/// Dead letters: envelopes that could not be delivered, and input from outside that never became
/// an envelope, with the reason. The multiplexer makes them; a sink (host/storage) keeps them.
#pragma once

#include <patchbay/abi.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::multiplexer {

/// One thing that could not be delivered. Owns everything.
struct DeadLetter {
    /// Wall clock, nanoseconds since 1970, UTC.
    std::uint64_t time = 0;
    /// PATCHBAY_REASON_*
    std::uint32_t reason = PATCHBAY_REASON_NONE;
    /// Stable dotted name for tools: the name of the reason, or the code that a plugin chose.
    std::string code;
    /// Complete sentence for people.
    std::string text;
    /// Names of the instances that delivered it and that it was meant for; empty when unknown.
    std::string source;
    std::string destination;

    /// False: `raw` is all there is (PATCHBAY_REASON_MALFORMED).
    bool has_envelope = true;
    std::string to;
    std::string sender;
    std::string protocol_id;
    /// Bytes, not text.
    std::string message;
    std::string uri;
    /// The context's connection id.
    std::string connection_id;
    std::uint32_t hops = 0;
    /// Bytes from outside that are not an envelope.
    std::string raw;
};

/// Keeps dead letters.
class DeadLetterSink {
  public:
    DeadLetterSink() = default;
    DeadLetterSink(const DeadLetterSink&) = delete;
    DeadLetterSink& operator=(const DeadLetterSink&) = delete;
    virtual ~DeadLetterSink() = default;

    /// Called from any thread, also from those of plugins in the middle of a delivery: it must
    /// return promptly and must not call back into the multiplexer. False: it was not kept (the
    /// sink's queue is full); the multiplexer counts that.
    virtual bool put(DeadLetter letter) = 0;
};

/// Stable name of a PATCHBAY_REASON_*: "no_route", "protocol_refused", ...; "unknown" otherwise.
[[nodiscard]] constexpr std::string_view reason_name(std::uint32_t reason) noexcept {
    switch (reason) {
        case PATCHBAY_REASON_NONE:
            return "none";
        case PATCHBAY_REASON_NO_ROUTE:
            return "no_route";
        case PATCHBAY_REASON_PROTOCOL_REFUSED:
            return "protocol_refused";
        case PATCHBAY_REASON_HOP_LIMIT:
            return "hop_limit";
        case PATCHBAY_REASON_NOT_CONNECTED:
            return "not_connected";
        case PATCHBAY_REASON_TIME_LIMIT:
            return "time_limit";
        case PATCHBAY_REASON_SEND_FAILED:
            return "send_failed";
        case PATCHBAY_REASON_NOT_MINE:
            return "not_mine";
        case PATCHBAY_REASON_MALFORMED:
            return "malformed";
        case PATCHBAY_REASON_SHUTDOWN:
            return "shutdown";
        case PATCHBAY_REASON_TOO_LARGE:
            return "too_large";
        case PATCHBAY_REASON_BAD_VIEW:
            return "bad_view";
        case PATCHBAY_REASON_BAD_FIELD:
            return "bad_field";
        case PATCHBAY_REASON_BAD_PARENT:
            return "bad_parent";
        case PATCHBAY_REASON_AGENT_OFFLINE:
            return "agent_offline";
        default:
            return "unknown";
    }
}

}  // namespace patchbay::multiplexer
