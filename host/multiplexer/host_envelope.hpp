// SPDX-License-Identifier: Apache-2.0
/// \file
/// Envelopes that the host itself puts into a lane's mailbox.
#pragma once

#include "multiplexer/core.hpp"

#include <string_view>

namespace patchbay::multiplexer {

struct HostEnvelope {
    std::string_view to;
    std::string_view sender;
    std::string_view protocol_id;
    std::string_view message;
};

/// Makes a node with a copy of the parts; null when the pool is exhausted or it is too large.
[[nodiscard]] Node* make_host_node(ThreadCache& cache, const HostEnvelope& envelope) noexcept;

/// Puts it into the lane's mailbox; false when there is no room.
[[nodiscard]] bool put_host_envelope(Multiplexer::Core& core, LaneCore& lane,
                                     const HostEnvelope& envelope) noexcept;

}  // namespace patchbay::multiplexer
