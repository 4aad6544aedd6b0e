// SPDX-License-Identifier: Apache-2.0
/// \file
/// Deliveries that wait for room at their destination. The order per destination is kept by one
/// rule: while anything is held, whatever is delivered goes to the host in one batch behind it, and
/// the host answers FULL to the later ones of a batch where an earlier one was full.
#pragma once

#include "delivery_answer.hpp"

#include <patchbay/abi.h>
#include <patchbay/envelope_exchange.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>

namespace patchbay::detail {

/// [lane]
class HeldDeliveries {
  public:
    /// Called when the envelope is held no longer.
    using Settled = std::function<void(const Answer&)>;
    struct Held {
        patchbay_envelope abi{};
        /// Bytes of `abi` when they are kept here.
        Envelope kept{};
        bool is_kept = false;
        std::uint32_t destination = 0;
        Settled settled;
    };
    using Handle = std::list<Held>::iterator;

    void start(const patchbay_host* host, patchbay_lane* lane) {
        host_ = host;
        lane_ = lane;
    }

    /// Delivers one, behind those held.
    [[nodiscard]] Answer offer(const patchbay_envelope& envelope);
    /// Keeps one that was full; its views must live until `settled`, or until `forget`.
    Handle hold(const patchbay_envelope& envelope, std::uint32_t destination, Settled settled);
    /// The same with a copy of the bytes.
    Handle hold_copy(const patchbay_envelope& envelope, std::uint32_t destination, Settled settled);
    void forget(Handle handle) { held_.erase(handle); }
    /// The destination has room: delivers what waits for it. False when nothing did.
    bool room(std::uint32_t destination);
    /// Tries all again, whatever their destination.
    void retry();
    /// Takes out those held with a copy, without settling them.
    [[nodiscard]] std::list<Held> take_kept();
    /// Gives up: settles all with `status`.
    void settle_all(patchbay_status status);

    [[nodiscard]] std::size_t size() const noexcept { return held_.size(); }
    [[nodiscard]] bool empty() const noexcept { return held_.empty(); }

  private:
    template <class Chosen>
    bool deliver_held(Chosen chosen, const patchbay_envelope* last, Answer& answer);

    const patchbay_host* host_ = nullptr;
    patchbay_lane* lane_ = nullptr;
    std::list<Held> held_;
};

}  // namespace patchbay::detail
