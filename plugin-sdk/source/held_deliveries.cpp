// SPDX-License-Identifier: Apache-2.0
#include "held_deliveries.hpp"

#include <string>
#include <utility>
#include <vector>

namespace patchbay::detail {

namespace {

/// Codes of PATCHBAY_REASON_*, in their order.
constexpr const char* reason_codes[] = {
    "delivery.refused",     "delivery.no_route",      "delivery.protocol_refused",
    "delivery.hop_limit",   "delivery.not_connected", "delivery.time_limit",
    "delivery.send_failed", "delivery.not_mine",      "delivery.malformed",
    "delivery.shutdown",    "delivery.too_large",     "delivery.bad_view",
    "delivery.bad_field",   "delivery.bad_parent",
};

std::string reason_code(std::uint32_t reason) {
    constexpr std::size_t count = sizeof(reason_codes) / sizeof(reason_codes[0]);
    return reason_codes[reason < count ? reason : 0];
}

}  // namespace

patchbay_status deliver_batch(const patchbay_host* host, patchbay_lane* lane,
                              const patchbay_envelope* envelopes, std::size_t count,
                              patchbay_delivery* results) {
    patchbay_array batch{};
    batch.struct_size = sizeof batch;
    batch.stride = sizeof(patchbay_envelope);
    batch.count = static_cast<std::uint32_t>(count);
    batch.items = const_cast<patchbay_envelope*>(envelopes);
    patchbay_array answers{};
    answers.struct_size = sizeof answers;
    answers.stride = sizeof(patchbay_delivery);
    answers.count = static_cast<std::uint32_t>(count);
    answers.items = results;
    return host->deliver(lane, &batch, &answers);
}

Result<void> Answer::result() const {
    if (status != PATCHBAY_OK) {
        return failure(
            status == PATCHBAY_DISCONNECTED ? ErrorClass::disconnected : ErrorClass::failed,
            status == PATCHBAY_DISCONNECTED ? "delivery.disconnected" : "delivery.failed",
            status == PATCHBAY_DISCONNECTED
                ? "The envelope was not delivered: this connection is not connected."
                : "The host did not look at the envelope.");
    }
    switch (delivery.status) {
        case PATCHBAY_DELIVERY_ACCEPTED:
            return {};
        case PATCHBAY_DELIVERY_FULL:
            return failure(ErrorClass::overloaded, "delivery.full",
                           "The destination has no room for the envelope.");
        case PATCHBAY_DELIVERY_DEAD_LETTERED:
            return failure(
                ErrorClass::failed, reason_code(delivery.reason),
                "The host could not deliver the envelope and keeps it as a dead letter.");
        default:
            return failure(ErrorClass::invalid, reason_code(delivery.reason),
                           "The host refused the envelope as invalid and did not keep it.");
    }
}

template <class Chosen>
bool HeldDeliveries::deliver_held(Chosen chosen, const patchbay_envelope* last, Answer& answer) {
    std::vector<Handle> handles;
    std::vector<patchbay_envelope> batch;
    for (auto held = held_.begin(); held != held_.end(); ++held) {
        if (chosen(*held)) {
            handles.push_back(held);
            batch.push_back(held->abi);
        }
    }
    if (last != nullptr) {
        batch.push_back(*last);
    }
    if (batch.empty()) {
        return false;
    }
    std::vector<patchbay_delivery> results(batch.size());
    answer.status = deliver_batch(host_, lane_, batch.data(), batch.size(), results.data());
    if (answer.status != PATCHBAY_OK) {
        return true;  // nothing was looked at: all stay
    }
    answer.delivery = results.back();
    // The callbacks may deliver again, which changes the list: take out first, then call.
    std::vector<std::pair<Settled, Answer>> settled;
    for (std::size_t i = 0; i < handles.size(); ++i) {
        const Answer one{PATCHBAY_OK, results[i]};
        if (one.is_full()) {
            handles[i]->destination = results[i].destination;
            continue;
        }
        settled.emplace_back(std::move(handles[i]->settled), one);
        held_.erase(handles[i]);
    }
    for (const auto& [call, one] : settled) {
        if (call) {
            call(one);
        }
    }
    return true;
}

Answer HeldDeliveries::offer(const patchbay_envelope& envelope) {
    Answer answer;
    if (held_.empty()) {
        answer.status = deliver_batch(host_, lane_, &envelope, 1, &answer.delivery);
    } else {
        deliver_held([](const Held&) { return true; }, &envelope, answer);
    }
    return answer;
}

HeldDeliveries::Handle HeldDeliveries::hold(const patchbay_envelope& envelope,
                                            std::uint32_t destination, Settled settled) {
    held_.push_back({envelope, {}, false, destination, std::move(settled)});
    return std::prev(held_.end());
}

HeldDeliveries::Handle HeldDeliveries::hold_copy(const patchbay_envelope& envelope,
                                                 std::uint32_t destination, Settled settled) {
    const auto held = hold(envelope, destination, std::move(settled));
    held->is_kept = true;
    held->kept = TakenEnvelope(envelope).copy();
    Delivery content(held->kept);
    const patchbay_envelope views = content.to_abi();
    held->abi.to = views.to;
    held->abi.sender = views.sender;
    held->abi.protocol_id = views.protocol_id;
    held->abi.message = views.message;
    held->abi.uri = views.uri;
    held->abi.connection_id = views.connection_id;
    held->abi.block = nullptr;
    return held;
}

bool HeldDeliveries::room(std::uint32_t destination) {
    Answer ignored;
    return deliver_held([=](const Held& held) { return held.destination == destination; }, nullptr,
                        ignored);
}

void HeldDeliveries::retry() {
    Answer ignored;
    deliver_held([](const Held&) { return true; }, nullptr, ignored);
}

std::list<HeldDeliveries::Held> HeldDeliveries::take_kept() {
    std::list<Held> kept;
    for (auto held = held_.begin(); held != held_.end();) {
        const auto next = std::next(held);
        if (held->is_kept) {
            kept.splice(kept.end(), held_, held);
        }
        held = next;
    }
    return kept;
}

void HeldDeliveries::settle_all(patchbay_status status) {
    std::list<Held> given_up = std::move(held_);
    held_.clear();
    for (const Held& held : given_up) {
        if (held.settled) {
            held.settled(Answer{status, {}});
        }
    }
}

}  // namespace patchbay::detail
