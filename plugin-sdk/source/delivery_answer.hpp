// SPDX-License-Identifier: Apache-2.0
/// \file
/// The host's `deliver` and what it says, as results with codes.
#pragma once

#include <patchbay/abi.h>
#include <patchbay/result.hpp>

#include <cstddef>

namespace patchbay::detail {

/// What the host said about one envelope.
struct Answer {
    patchbay_status status = PATCHBAY_OK;
    patchbay_delivery delivery{};

    [[nodiscard]] bool is_full() const noexcept {
        return status == PATCHBAY_OK && delivery.status == PATCHBAY_DELIVERY_FULL;
    }
    /// Success, or the failure with its reason.
    [[nodiscard]] Result<void> result() const;
};

/// One call of the host's `deliver`.
patchbay_status deliver_batch(const patchbay_host* host, patchbay_lane* lane,
                              const patchbay_envelope* envelopes, std::size_t count,
                              patchbay_delivery* results);

}  // namespace patchbay::detail
