// SPDX-License-Identifier: Apache-2.0
/// \file
/// Limits and descriptions that the multiplexer and its instances are made with, and what it
/// reports to the room that runs the instances. All limits have a default and none is infinite.
#pragma once

#include <patchbay/abi.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::multiplexer {

/// Longest `to`, `sender`, protocol id, `uri` and connection id, in bytes. Longer ones are invalid
/// (PATCHBAY_REASON_BAD_FIELD).
inline constexpr std::uint32_t longest_name = 256;
inline constexpr std::uint32_t longest_uri = 64U << 10U;

/// Limits of one multiplexer.
struct Options {
    /// Address space for payload blocks; memory is touched as it is needed.
    std::size_t pool_bytes = std::size_t{1} << 30U;
    /// Blocks that one instance may hold without having delivered them.
    std::size_t held_bytes_per_instance = std::size_t{64} << 20U;
    /// Largest payload (all fields together); beyond it PATCHBAY_REASON_TOO_LARGE.
    std::size_t largest_payload = std::size_t{8} << 20U;
    /// An envelope that passed through this many connections becomes a dead letter.
    std::uint32_t hop_limit = 16;
    /// Addresses whose connection is remembered because they sent something.
    std::uint32_t learned_routes = 65'536;
    /// Learned routes that were not used for so long are forgotten, in nanoseconds.
    std::uint64_t learned_route_age = 3'600'000'000'000;
    /// Agents in the directory.
    std::uint32_t agents = 1'000'000;
    /// Protocol ids that get a handle.
    std::uint32_t protocols = 1024;
    /// `fetchai/default:1.0.0` error messages per second and instance in answer to dead letters.
    std::uint32_t error_replies_per_second = 100;
};

/// What the instance's `on_send` or its equivalent reported.
struct SendFailure {
    patchbay_status status = PATCHBAY_FAILED;
    std::string_view code;
    std::string_view text;
};

/// What the room that runs an instance wants to know about its traffic: policies are decided there.
/// Called from any thread, possibly in the middle of a call of a plugin: must return promptly and
/// must not call back into the multiplexer.
class InstanceObserver {
  public:
    InstanceObserver() = default;
    InstanceObserver(const InstanceObserver&) = delete;
    InstanceObserver& operator=(const InstanceObserver&) = delete;
    virtual ~InstanceObserver() = default;

    /// Envelopes were completed with a failure. Once per call of `complete`, with their number.
    virtual void on_send_failed(std::uint32_t instance, const SendFailure& failure,
                                std::uint32_t count) = 0;
    /// Envelopes were taken and not completed within the time limit; they were settled "unknown".
    virtual void on_overdue(std::uint32_t instance, std::uint32_t count) = 0;
    /// The plugin broke a rule of abi.h ("token.unknown", "block.not_held", ...).
    virtual void on_misbehaviour(std::uint32_t instance, std::string_view code,
                                 std::string_view text) = 0;
};

/// One instance as the multiplexer sees it.
struct InstanceOptions {
    /// Instance's name in the host configuration; unique.
    std::string name;
    /// author/INSTANCE:version; unique.
    std::string component_id;
    /// Protocol ids; both hold in both directions. An empty restriction restricts nothing.
    std::vector<std::string> excluded_protocols;
    std::vector<std::string> restricted_to_protocols;
    /// Bounds of each lane's mailbox.
    std::uint32_t mailbox_envelopes = 8192;
    std::uint64_t mailbox_bytes = 16U << 20U;
    /// Envelopes that may be taken and not completed; `take` gives nothing beyond it.
    std::uint32_t in_flight_limit = 65'536;
    /// Receipts that a lane may wait for; beyond it `deliver` answers FULL.
    std::uint32_t receipt_limit = 65'536;
    /// Signals other than receipts that may wait in one lane.
    std::uint32_t signal_limit = 4096;
    /// Nanoseconds from taking to completing; 0 = no limit. Kept to about a second.
    std::uint64_t send_time_limit = 60'000'000'000;
    /// Lanes that any generation may have at most.
    std::uint32_t lane_limit = 64;
    /// True: outbound routing holds for what it delivers. Instances that an inbound route names are
    /// consumers anyway.
    bool consumer = false;
    /// True: the instance is the resident agent's pair of queues.
    bool resident_agent = false;
    /// Optional; must outlive the instance.
    InstanceObserver* observer = nullptr;
};

/// Where an instance is in its life, as far as envelopes are concerned.
enum class InstanceState : std::uint8_t {
    /// Not connected and not expected to be: what is meant for it becomes a dead letter
    /// (NOT_CONNECTED), also what waited in its mailbox. It cannot deliver.
    disconnected,
    /// It is about to connect (first start, reconnect, reload): what is meant for it waits in its
    /// mailbox. It cannot deliver or take.
    expected,
    connected,
    /// It may still deliver and complete; nothing new is given to it.
    disconnecting,
};

}  // namespace patchbay::multiplexer
