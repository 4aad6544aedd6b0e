// SPDX-License-Identifier: Apache-2.0
/// \file
/// Responses on their way to whoever asked: written once, into blocks of the host's, and delivered
/// in one batch per turn. A request is done when its answer was accepted; answers that find no room
/// wait for it, and there are never more of them than requests in progress.
#pragma once

#include "exchange.hpp"

#include <patchbay/host.hpp>
#include <patchbay/lane.hpp>
#include <patchbay/protocols/http.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace patchbay::http_client {

/// Status of an answer that says why there is no response; upstream's, as is its text.
inline constexpr std::int32_t failure_status = 600;
inline constexpr std::string_view failure_text = "HTTPConnection request error.";

/// [lane]
class Answers {
  public:
    /// `finished` is called when an exchange's envelope has been completed. It must not throw.
    Answers(Lane& lane, const Host& host, std::function<void(Exchange&)> finished);

    /// The exchange's response, to be delivered with the next `deliver`. When the host has no
    /// block for it, the answer says so.
    void respond(Exchange& exchange, const protocols::HttpResponseView& response);
    /// The answer with status 600 and the failure as its body.
    void fail(Exchange& exchange, const Error& why);

    /// Delivers what has gathered, and completes the envelopes whose answers were accepted.
    void deliver();
    /// The destination has room: its answers are delivered with the next `deliver`.
    void room(std::uint32_t destination);
    /// Completes the envelopes of answers that still wait for room; their answers become dead
    /// letters.
    void give_up();

  private:
    struct Pending {
        Exchange* exchange = nullptr;
        patchbay_envelope envelope{};
        std::uint32_t destination = 0;
    };

    [[nodiscard]] Result<void> add(Exchange& exchange, const protocols::HttpResponseView& response);
    void finish(Exchange& exchange, const Result<void>& result);
    void settle(const Pending& answer, const patchbay_delivery& delivery);

    Lane& lane_;
    const Host& host_;
    std::function<void(Exchange&)> finished_;
    std::vector<Pending> ready_;
    std::vector<Pending> held_;
    // Used again in every turn.
    std::vector<Pending> delivering_;
    std::vector<patchbay_envelope> batch_;
    std::vector<patchbay_delivery> results_;
    std::vector<std::uint64_t> done_;
};

}  // namespace patchbay::http_client
