// SPDX-License-Identifier: Apache-2.0
/// \file
/// Counters of the multiplexer. They only grow (gauges are named as such); every way in which an
/// envelope can be lost, refused or settled has one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace patchbay::multiplexer {

/// PATCHBAY_REASON_* that this version knows.
inline constexpr std::size_t reason_count = 15;

struct InstanceCounters {
    // What the instance delivered.
    std::uint64_t delivered = 0;  ///< accepted
    std::uint64_t delivered_bytes = 0;
    std::uint64_t full = 0;
    std::uint64_t invalid = 0;
    /// Dead letters of its own envelopes, by reason.
    std::array<std::uint64_t, reason_count> dead_lettered{};
    // What it was given.
    std::uint64_t taken = 0;
    std::uint64_t taken_bytes = 0;
    std::uint64_t inline_dispatched = 0;  ///< of `taken`, those on the deliverer's thread
    std::uint64_t completed = 0;
    std::uint64_t failed = 0;
    std::uint64_t not_mine = 0;
    std::uint64_t overdue = 0;
    std::uint64_t misbehaviour = 0;
    // Receipts and error messages for it.
    std::uint64_t receipts = 0;
    std::uint64_t receipts_lost = 0;  ///< the lane was gone
    std::uint64_t error_replies = 0;
    std::uint64_t error_replies_suppressed = 0;
    // Gauges.
    std::uint64_t queued = 0;
    std::uint64_t queued_bytes = 0;
    std::uint64_t in_flight = 0;
    std::uint64_t awaited = 0;  ///< answers to its requests for which room is reserved
    std::uint64_t signals_waiting = 0;
    std::uint64_t held_bytes = 0;
};

struct InstanceMetrics {
    std::string name;
    std::uint32_t number = 0;
    InstanceCounters counters;
};

struct Metrics {
    std::vector<InstanceMetrics> instances;
    std::uint64_t dead_letters = 0;
    /// Dead letters that the sink did not keep.
    std::uint64_t dead_letters_refused = 0;
    std::uint64_t learned_routes = 0;  ///< gauge
    std::uint64_t learned_routes_evicted = 0;
    std::uint64_t agents = 0;          ///< gauge
    std::uint64_t pool_bytes = 0;      ///< gauge: memory taken from the system for payload
    std::uint64_t pool_exhausted = 0;  ///< allocations refused
};

}  // namespace patchbay::multiplexer
