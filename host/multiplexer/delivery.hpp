// SPDX-License-Identifier: Apache-2.0
/// \file
/// One call of `deliver`. A batch goes through in chunks of 64:
///
/// 1. resolve: check the fields, hash all `to`, fetch buckets, fetch entries, compare; each
///    envelope gets a mailbox, a dead letter or an error;
/// 2. group by mailbox, in order of first use (no sorting);
/// 3. for each mailbox: make the nodes, push the run, or dispatch it on this thread;
/// 4. one fence, then wake those receivers that sleep.
#pragma once

#include "multiplexer/core.hpp"
#include "multiplexer/envelope_array.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace patchbay::multiplexer {

inline constexpr std::uint32_t delivery_chunk = 64;

/// Working space of a delivery; kept by the thread.
struct ThreadCache::Scratch {
    struct Item {
        const patchbay_envelope* envelope;
        Mailbox* box;
        std::uint64_t hash;
        std::uint32_t candidate;
        std::uint32_t entry;
        ProtocolNumber protocol;
        std::uint32_t next;
        /// Whom an inbound route named.
        AgentNumber agent;
        /// The sender is that of the envelope before.
        bool same_sender;
    };
    struct Run {
        Mailbox* box;
        std::uint32_t first;
        std::uint32_t last;
        std::uint32_t count;
    };
    /// How a node came about, to undo it when the mailbox refuses it.
    struct Prepared {
        Node* node;
        std::uint32_t item;
        /// Set for an answer that uses reserved room: where it is reserved.
        Mailbox* credit;
        enum class Origin : std::uint8_t { given_by_owner, given_retained, shared, copied };
        Origin origin;
    };

    std::array<Item, delivery_chunk> items;
    std::array<Run, delivery_chunk> runs;
    std::uint32_t run_count = 0;
    /// Open hash from mailbox to run; valid where the stamp is the current one.
    std::array<std::uint32_t, 128> stamps{};
    std::array<std::uint8_t, 128> run_at{};
    std::uint32_t stamp = 0;
    std::array<Prepared, delivery_chunk> prepared;
    std::array<std::uint8_t, delivery_chunk> refused;
    std::array<Node*, delivery_chunk> nodes;
    std::array<std::uint32_t, delivery_chunk> units;
    std::array<patchbay_envelope, delivery_chunk> copies;
    std::array<patchbay_envelope, delivery_chunk> shown;
    std::array<patchbay_status, delivery_chunk> statuses;
    /// Mailboxes that were full in this call.
    std::vector<Mailbox*> full;
    /// The protocol of the last envelope; most are like it.
    std::string last_protocol;
    ProtocolNumber last_number = 0;
    std::uint64_t last_version = 0;
};

class Delivery {
  public:
    Delivery(LaneCore& lane, ThreadCache& cache, const patchbay_array& envelopes,
             patchbay_array& results);

    void run();

  private:
    using Scratch = ThreadCache::Scratch;
    using Item = Scratch::Item;
    using Prepared = Scratch::Prepared;

    void resolve(std::uint32_t first, std::uint32_t count);
    [[nodiscard]] bool check_fields(const patchbay_envelope& envelope, bool ascii,
                                    bool same_sender) const noexcept;
    void find_destination(std::uint32_t index);
    [[nodiscard]] ProtocolNumber protocol_of(const patchbay_envelope& envelope);
    void learn_sender(const Item& item);
    void add_to_run(std::uint32_t index) noexcept;
    void deliver_to_all(std::uint32_t index, const std::vector<LaneRef>& all);

    void flush_runs();
    void flush_run(const Scratch::Run& run);
    [[nodiscard]] bool dispatch_inline(const Scratch::Run& run, std::uint32_t count);
    void push_prepared(Mailbox& box, std::uint32_t first, std::uint32_t count);
    /// The usual case of `prepare`: a fresh block of the caller's, given, with nothing to link.
    /// False: it is another case, and nothing was changed.
    [[nodiscard]] bool prepare_given(std::uint32_t item, Prepared& prepared) noexcept;
    /// Makes the node of an item; false when it got another result instead.
    [[nodiscard]] bool prepare(std::uint32_t item, Mailbox& box, Prepared& prepared);
    [[nodiscard]] bool take_payload(std::uint32_t item, Prepared& prepared);
    [[nodiscard]] bool take_reference(const patchbay_envelope& envelope, Node& block,
                                      Prepared& prepared);
    void drop_reference(Node& block, Prepared::Origin origin) noexcept;
    [[nodiscard]] bool copy_payload(std::uint32_t item, Prepared& prepared);
    void fill(std::uint32_t item, Node& node) noexcept;
    [[nodiscard]] bool link(std::uint32_t item, Mailbox& box, Prepared& prepared);
    [[nodiscard]] bool link_parent(const patchbay_envelope& envelope, Mailbox& box,
                                   Prepared& prepared);
    void unlink(const Prepared& prepared) noexcept;
    void undo(const Prepared& prepared) noexcept;

    void set_result(std::uint32_t item, std::uint32_t status, std::uint32_t reason,
                    std::uint32_t destination);
    void refuse(std::uint32_t item, Mailbox& box);
    /// FULL for a reason of the deliverer's own; ROOM names itself.
    void refuse_own(std::uint32_t item);
    void refuse_until_receipts(std::uint32_t item);
    void refuse_until_resumed(std::uint32_t item);
    void invalid(std::uint32_t item, std::uint32_t reason);
    void bury(std::uint32_t item, InstanceCore* destination, std::uint32_t reason);
    void wake_receivers() noexcept;
    [[nodiscard]] bool is_full(const Mailbox& box) const noexcept;

    LaneCore& lane_;
    InstanceCore& source_;
    Multiplexer::Core& core_;
    ThreadCache& cache_;
    Scratch& scratch_;
    const RouteMap& map_;
    const patchbay_array& envelopes_;
    patchbay_array& results_;
    const std::uint32_t lane_uid_;
    const std::uint32_t generation_uid_;
    const bool outbound_;
    bool only_answers_ = false;
    std::uint32_t first_ = 0;  ///< of the chunk
    std::int64_t given_bytes_ = 0;
    std::uint64_t accepted_ = 0;
    std::uint64_t accepted_bytes_ = 0;
    std::uint64_t full_ = 0;
    std::uint64_t invalid_ = 0;
    bool wake_needed_ = false;
    /// The route to the sender of the envelope before was looked after.
    bool learned_ = false;
    /// Several get it: no single answer, so no room is reserved or used.
    bool to_several_ = false;
};

inline void Delivery::set_result(std::uint32_t item, std::uint32_t status, std::uint32_t reason,
                                 std::uint32_t destination) {
    write_item(results_, first_ + item, patchbay_delivery{status, reason, destination, 0});
}

}  // namespace patchbay::multiplexer
