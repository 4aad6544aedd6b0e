// SPDX-License-Identifier: Apache-2.0
/// \file
/// The header in front of every payload block. It is two things at once: the block's reference
/// count, and the *delivery node* of one envelope, so that a mailbox slot is one pointer and the
/// usual envelope (its own block, delivered once) needs no second object. An envelope whose block's
/// node is in use (a block forwarded, delivered to several, or holding several envelopes) gets a
/// node without payload that points to the block.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace patchbay::multiplexer {

/// Code and text of a failure on its way to a receipt; only made when something fails.
struct Failure {
    std::int32_t status = 0;
    std::string code;
};

/// Where a node is in its life. `state` of a node packs, from the top: 32 bits of epoch (a token
/// is epoch and place), 24 bits of unsettled children, the flags, 3 bits of phase.
enum class Phase : std::uint32_t {
    free = 0,
    /// Claimed by a deliverer, then waiting in a mailbox; nobody else changes it.
    queued = 1,
    /// Held by a generation, by token.
    taken = 2,
    /// Completed; its children are not settled yet. Also the root of an envelope with several
    /// consumers.
    waiting = 3,
};

namespace node_state {
inline constexpr std::uint64_t phase_mask = 7;
/// Its outcome was reported (a time limit); the token is still held.
inline constexpr std::uint64_t settled = 1U << 3U;
/// Room for an answer is reserved in the mailbox of the lane that delivered it.
inline constexpr std::uint64_t credit = 1U << 4U;
inline constexpr std::uint64_t child = 1U << 8U;
inline constexpr std::uint64_t children_mask = 0xFFFFFF00U;
inline constexpr unsigned epoch_shift = 32;

[[nodiscard]] constexpr std::uint32_t epoch(std::uint64_t state) noexcept {
    return static_cast<std::uint32_t>(state >> epoch_shift);
}
[[nodiscard]] constexpr Phase phase(std::uint64_t state) noexcept {
    return static_cast<Phase>(state & phase_mask);
}
[[nodiscard]] constexpr std::uint64_t make(std::uint32_t epoch, Phase phase) noexcept {
    return (std::uint64_t{epoch} << epoch_shift) | static_cast<std::uint64_t>(phase);
}
[[nodiscard]] constexpr std::uint64_t with_phase(std::uint64_t state, Phase phase) noexcept {
    return (state & ~phase_mask) | static_cast<std::uint64_t>(phase);
}
/// The next epoch, never 0, so that no token is 0.
[[nodiscard]] constexpr std::uint64_t freed(std::uint64_t state) noexcept {
    const std::uint32_t next = epoch(state) + 1;
    return make(next == 0 ? 1 : next, Phase::free);
}
}  // namespace node_state

/// Reference counts of a block in one word: below all references, above those that the code of the
/// generation that allocated it holds. Both in one word so that giving a fresh block away is a load
/// and a store.
namespace block_refs {
inline constexpr std::uint64_t one = 1;
inline constexpr std::uint64_t owned = (std::uint64_t{1} << 32U) | 1U;
[[nodiscard]] constexpr std::uint32_t all(std::uint64_t refs) noexcept {
    return static_cast<std::uint32_t>(refs);
}
[[nodiscard]] constexpr std::uint32_t by_owner(std::uint64_t refs) noexcept {
    return static_cast<std::uint32_t>(refs >> 32U);
}
}  // namespace block_refs

/// Exactly two cache lines; the payload follows. Fields that a housekeeping scan reads while other
/// threads write them are atomic; all others belong to whoever holds the node.
struct alignas(64) Node {
    // ---- The block ----
    std::atomic<std::uint64_t> refs;
    /// Generation that allocated it (its unique number), 0 = the host.
    std::atomic<std::uint32_t> owner;
    /// Bytes of payload behind this header.
    std::uint32_t capacity;

    // ---- The envelope ----
    std::atomic<std::uint64_t> state;
    /// The block that holds the views; often this one.
    Node* block;
    std::uint32_t to_at;
    std::uint32_t sender_at;
    std::uint32_t protocol_at;
    std::uint32_t message_at;
    std::uint16_t to_size;
    std::uint16_t sender_size;
    std::uint16_t protocol_size;
    std::uint16_t connection_size;
    std::uint32_t message_size;
    std::uint32_t uri_size;

    std::uint32_t uri_at;
    std::uint32_t connection_at;
    /// PATCHBAY_ENVELOPE_* and `tracked`.
    std::atomic<std::uint16_t> flags;
    std::uint16_t hops;
    std::uint32_t to_handle;
    std::uint32_t protocol_handle;
    /// Unique number of the lane that delivered it; 0 = the host.
    std::atomic<std::uint32_t> source_lane;
    /// Unique number of the lane that took it.
    std::atomic<std::uint32_t> taker;
    /// Unique number of the generation that took it.
    std::atomic<std::uint32_t> holder;
    /// Coarse time of taking, in ticks.
    std::atomic<std::uint32_t> taken_at;
    /// Worst PATCHBAY_RECEIPT_* so far, of itself and its children.
    std::atomic<std::uint16_t> outcome;
    /// Whom an inbound route named (AgentNumber), 0 = nobody.
    std::uint16_t agent;
    /// Token of the parent, if its settling depends on this one, else 0.
    std::uint64_t parent;
    std::uint64_t receipt;
    std::atomic<Failure*> failure;

    [[nodiscard]] unsigned char* payload() noexcept {
        return reinterpret_cast<unsigned char*>(this) + sizeof(Node);
    }
};
static_assert(sizeof(Node) == 128);

/// Set in `flags`: somebody waits for its outcome (a receipt or a parent).
inline constexpr std::uint16_t node_tracked = 1U << 15U;
/// Set in `flags`: made by the host in answer to a dead letter; never answered itself.
inline constexpr std::uint16_t node_from_host = 1U << 14U;

}  // namespace patchbay::multiplexer
