// SPDX-License-Identifier: Apache-2.0
#include "batch_traffic.hpp"

#include <patchbay/host.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <span>
#include <tuple>

namespace patchbay::detail {

namespace {

Error no_memory() {
    return {ErrorClass::overloaded, "reply.no_memory",
            "The host has no memory for the answer to the envelope."};
}

}  // namespace

void BatchTraffic::use(patchbay_lane* lane) noexcept {
    lane_ = lane;
    blocks_.start(lane);
}

// ---- One batch ----------------------------------------------------------------------------------

void BatchTraffic::begin(patchbay_lane* lane, const patchbay_array& envelopes,
                         patchbay_status* results) {
    use(lane);
    results_ = nullptr;  // until all is there
    replies_.clear();
    reply_items_.clear();
    any_withdrawn_ = false;
    delivered_ = false;
    items_.assign(envelopes.count, {});
    // What follows an accepted delivery must not throw.
    replies_.reserve(envelopes.count);
    reply_items_.reserve(envelopes.count);
    deliveries_.resize(envelopes.count);
    envelopes_ = &envelopes;
    results_ = results;
}

const patchbay_envelope& BatchTraffic::request(std::size_t index) noexcept {
    const void* item = patchbay_array_at(envelopes_, static_cast<std::uint32_t>(index));
    if (envelopes_->stride >= sizeof copy_ &&
        envelopes_->stride % alignof(patchbay_envelope) == 0) {
        return *static_cast<const patchbay_envelope*>(item);
    }
    copy_ = {};
    std::memcpy(&copy_, item, std::min<std::size_t>(envelopes_->stride, sizeof copy_));
    return copy_;
}

bool BatchTraffic::decide(std::size_t index, Outcome outcome, patchbay_status result) noexcept {
    Item& item = items_[index];
    if (item.outcome == Outcome::failed) {
        return false;
    }
    any_withdrawn_ = any_withdrawn_ || item.outcome == Outcome::replied;
    item.outcome = outcome;
    results_[index] = result;
    return true;
}

char* BatchTraffic::reply(std::size_t index, std::size_t size) {
    const patchbay_envelope& asked = request(index);
    const std::size_t texts =
        std::size_t{asked.sender_size} + asked.to_size + asked.protocol_id_size + asked.uri_size;
    if (size > std::numeric_limits<std::uint32_t>::max() - texts) {
        fail(index, {ErrorClass::invalid, "reply.too_large",
                     "The answer to the envelope is larger than 4 GiB."});
        return nullptr;
    }
    if (items_[index].outcome == Outcome::failed) {
        return nullptr;
    }
    patchbay_status status = PATCHBAY_OK;
    const patchbay_buffer buffer = blocks_.take(size + texts, items_.size() - index, status);
    if (buffer.block == nullptr) {
        fail(index, status == PATCHBAY_INVALID
                        ? Error{ErrorClass::invalid, "reply.too_large",
                                "The answer to the envelope is larger than the host allows."}
                        : no_memory());
        return nullptr;
    }
    decide(index, Outcome::replied, PATCHBAY_OK);
    items_[index].reply = static_cast<std::uint32_t>(replies_.size());
    char* const message = reinterpret_cast<char*>(buffer.data);
    char* at = message + size;
    const auto copy = [&at](const char* text, std::uint32_t length) {
        char* const place = at;
        if (length != 0) {
            std::memcpy(place, text, length);
        }
        at += length;
        return place;
    };
    patchbay_envelope& answer = replies_.emplace_back();
    answer.to = copy(asked.sender, asked.sender_size);
    answer.to_size = asked.sender_size;
    answer.sender = copy(asked.to, asked.to_size);
    answer.sender_size = asked.to_size;
    answer.protocol_id = copy(asked.protocol_id, asked.protocol_id_size);
    answer.protocol_id_size = asked.protocol_id_size;
    answer.uri = copy(asked.uri, asked.uri_size);
    answer.uri_size = asked.uri_size;
    answer.message = buffer.data;
    answer.message_size = static_cast<std::uint32_t>(size);
    answer.flags = PATCHBAY_ENVELOPE_GIVE_BLOCK;
    answer.protocol_handle = asked.protocol_handle;
    answer.parent = asked.token;
    answer.block = buffer.block;
    answer.reply_to = asked.origin;
    answer.hops = asked.hops;
    reply_items_.push_back(static_cast<std::uint32_t>(index));
    return message;
}

void BatchTraffic::fail(std::size_t index, const Error& error) {
    // Completed here and not by the result, which carries no code.
    if (decide(index, Outcome::failed, PATCHBAY_PENDING)) {
        complete(request(index).token, tl::unexpected<Error>(error));
    }
}

void BatchTraffic::not_mine(std::size_t index) {
    decide(index, Outcome::not_mine, PATCHBAY_NOT_MINE);
}

void BatchTraffic::keep(std::size_t index) {
    decide(index, Outcome::kept, PATCHBAY_PENDING);
}

void BatchTraffic::finish() {
    if (any_withdrawn_) {
        drop_withdrawn();
    }
    if (!held_.empty()) {
        hold_behind_others();
    }
    if (!replies_.empty()) {
        deliver_replies();
    }
    blocks_.release_unused();
}

void BatchTraffic::drop_withdrawn() noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < replies_.size(); ++i) {
        const Item& item = items_[reply_items_[i]];
        if (item.outcome != Outcome::replied || item.reply != i) {
            blocks_.release(replies_[i].block);
            continue;
        }
        replies_[kept] = replies_[i];
        reply_items_[kept++] = reply_items_[i];
    }
    replies_.resize(kept);
    reply_items_.resize(kept);
}

void BatchTraffic::hold_behind_others() noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < replies_.size(); ++i) {
        if (held_.waits(replies_[i].reply_to)) {
            results_[reply_items_[i]] = PATCHBAY_PENDING;
            hold(replies_[i], 0);
            continue;
        }
        replies_[kept] = replies_[i];
        reply_items_[kept++] = reply_items_[i];
    }
    replies_.resize(kept);
    reply_items_.resize(kept);
}

void BatchTraffic::hold(const patchbay_envelope& reply, std::uint32_t destination) noexcept {
    try {
        if (held_.size() < held_limit_) {
            held_.hold(reply, destination);
            return;
        }
        blocks_.release(reply.block);
        complete(reply.parent,
                 failure(ErrorClass::overloaded, "delivery.too_many_waiting",
                         "Too many answers of this connection wait for room already."));
    } catch (...) {
        refuse(reply, {PATCHBAY_OVERLOADED, {}});
    }
}

void BatchTraffic::deliver_replies() {
    const patchbay_status status =
        deliver_batch(host_, lane_, replies_.data(), replies_.size(), deliveries_.data());
    delivered_ = true;
    for (std::size_t i = 0; i < replies_.size(); ++i) {
        const patchbay_delivery& delivery = deliveries_[i];
        if (status == PATCHBAY_OK && delivery.status == PATCHBAY_DELIVERY_ACCEPTED) {
            continue;
        }
        results_[reply_items_[i]] = PATCHBAY_PENDING;
        const Answer answer{status, delivery};
        if (answer.is_full()) {
            hold(replies_[i], delivery.destination);
        } else {
            refuse(replies_[i], answer);
        }
    }
}

void BatchTraffic::refuse(const patchbay_envelope& reply, const Answer& answer) const noexcept {
    blocks_.release(reply.block);
    try {
        complete(reply.parent, answer.result());
    } catch (...) {  // no memory for the text
        host_->complete(host_, &reply.parent, 1, PATCHBAY_OVERLOADED, nullptr);
    }
}

void BatchTraffic::abandon(const patchbay_array& envelopes, patchbay_status* results,
                           const Error& error) noexcept {
    if (results_ != results) {  // `begin` had no memory
        for (std::uint32_t i = 0; i < envelopes.count; ++i) {
            results[i] = static_cast<patchbay_status>(error.error_class);
        }
        return;
    }
    if (!delivered_) {
        for (const patchbay_envelope& reply : replies_) {
            blocks_.release(reply.block);
        }
    }
    replies_.clear();
    blocks_.release_unused();
    const patchbay_error abi_error = to_abi_error(error);
    for (std::size_t i = 0; i < items_.size(); ++i) {
        if (items_[i].outcome == Outcome::done || items_[i].outcome == Outcome::replied) {
            results[i] = PATCHBAY_PENDING;
            const std::uint64_t token = request(i).token;
            host_->complete(host_, &token, 1, abi_error.status, &abi_error);
        }
    }
}

// ---- Between batches ----------------------------------------------------------------------------

void BatchTraffic::room(std::uint32_t destination) {
    held_.room(
        destination, [this](std::span<const patchbay_envelope> replies, HeldReplies::Gone& gone) {
            std::array<patchbay_delivery, std::tuple_size_v<HeldReplies::Gone>> deliveries{};
            std::array<std::uint64_t, std::tuple_size_v<HeldReplies::Gone>> accepted{};
            std::uint32_t count = 0;
            const patchbay_status status =
                deliver_batch(host_, lane_, replies.data(), replies.size(), deliveries.data());
            for (std::size_t i = 0; i < replies.size(); ++i) {
                const Answer answer{status, deliveries[i]};
                gone[i] = !answer.is_full();
                if (status == PATCHBAY_OK && deliveries[i].status == PATCHBAY_DELIVERY_ACCEPTED) {
                    accepted[count++] = replies[i].parent;
                } else if (gone[i]) {
                    refuse(replies[i], answer);
                }
            }
            if (count != 0) {
                host_->complete(host_, accepted.data(), count, PATCHBAY_OK, nullptr);
            }
        });
}

bool BatchTraffic::cancel(std::uint64_t token) {
    const auto reply = held_.take(token);
    if (!reply) {
        return false;
    }
    blocks_.release(reply->block);
    complete(token, failure(ErrorClass::failed, "operation.cancelled",
                            "The host no longer wanted the envelope; its answer waited for room."));
    return true;
}

void BatchTraffic::give_up() {
    for (const patchbay_envelope& reply : held_.take_all()) {
        refuse(reply, {PATCHBAY_DISCONNECTED, {}});
    }
}

void BatchTraffic::complete(std::uint64_t token, const Result<void>& result) const noexcept {
    if (result) {
        host_->complete(host_, &token, 1, PATCHBAY_OK, nullptr);
        return;
    }
    const patchbay_error error = to_abi_error(result.error());
    host_->complete(host_, &token, 1, error.status, &error);
}

}  // namespace patchbay::detail
