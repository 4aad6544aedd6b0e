// SPDX-License-Identifier: Apache-2.0
#include "delivery_answer.hpp"

#include <string>

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

}  // namespace patchbay::detail
