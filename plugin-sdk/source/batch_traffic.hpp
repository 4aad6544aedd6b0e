// SPDX-License-Identifier: Apache-2.0
/// \file
/// What happens to the envelopes of a batch connection: answers are collected while a batch runs,
/// delivered together, and held where there is no room; every envelope is completed once.
#pragma once

#include "delivery_answer.hpp"
#include "held_replies.hpp"
#include "reply_blocks.hpp"

#include <patchbay/abi.h>
#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace patchbay::detail {

/// [lane]
class BatchTraffic {
  public:
    explicit BatchTraffic(const patchbay_host* host) : host_(host), blocks_(host) {}
    BatchTraffic(const BatchTraffic&) = delete;
    BatchTraffic& operator=(const BatchTraffic&) = delete;

    void limit_held(std::size_t limit) noexcept { held_limit_ = limit; }

    // ---- One batch ------------------------------------------------------------------------------
    void use(patchbay_lane* lane) noexcept;
    void begin(patchbay_lane* lane, const patchbay_array& envelopes, patchbay_status* results);
    /// See Batch.
    [[nodiscard]] char* reply(std::size_t index, std::size_t size);
    void fail(std::size_t index, const Error& error);
    void not_mine(std::size_t index);
    void keep(std::size_t index);
    /// Delivers the answers and writes the results.
    void finish();
    /// Instead of `finish`: drops the answers and fails every envelope that was not kept.
    void abandon(const patchbay_array& envelopes, patchbay_status* results,
                 const Error& error) noexcept;

    // ---- Between batches ------------------------------------------------------------------------
    void room(std::uint32_t destination);
    /// Completes the request `token` when its answer is held; false when it is not.
    bool cancel(std::uint64_t token);
    /// Completes all requests whose answers are held, as disconnected.
    void give_up();

    void complete(std::uint64_t token, const Result<void>& result) const noexcept;

  private:
    enum class Outcome : std::uint8_t { done, replied, failed, not_mine, kept };
    struct Item {
        Outcome outcome = Outcome::done;
        std::uint32_t reply = 0;  ///< place in `replies_`
    };

    [[nodiscard]] const patchbay_envelope& request(std::size_t index) noexcept;
    /// False when the envelope has failed already.
    bool decide(std::size_t index, Outcome outcome, patchbay_status result) noexcept;
    void drop_withdrawn() noexcept;
    void hold_behind_others() noexcept;
    void hold(const patchbay_envelope& reply, std::uint32_t destination) noexcept;
    void deliver_replies();
    /// The answer will never be accepted: its request fails.
    void refuse(const patchbay_envelope& reply, const Answer& answer) const noexcept;

    const patchbay_host* host_;
    ReplyBlocks blocks_;
    HeldReplies held_;
    std::size_t held_limit_ = 0;

    // Of the batch that runs.
    patchbay_lane* lane_ = nullptr;
    const patchbay_array* envelopes_ = nullptr;
    patchbay_status* results_ = nullptr;
    patchbay_envelope copy_{};  ///< of a request from a host with other strides
    std::vector<Item> items_;
    std::vector<patchbay_envelope> replies_;
    std::vector<std::uint32_t> reply_items_;  ///< which item each of them answers
    std::vector<patchbay_delivery> deliveries_;
    bool any_withdrawn_ = false;
    bool delivered_ = false;  ///< the blocks of `replies_` are not ours any more
};

}  // namespace patchbay::detail
