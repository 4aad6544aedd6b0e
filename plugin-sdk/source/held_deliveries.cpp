// SPDX-License-Identifier: Apache-2.0
#include "held_deliveries.hpp"

#include <utility>
#include <vector>

namespace patchbay::detail {

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
