// SPDX-License-Identifier: Apache-2.0
/// \file
/// The multiplexer moves envelopes between the lanes of instances. It has no thread: routing is
/// done on the thread that delivers, and an envelope lands in the mailbox of a lane, whose thread
/// takes it. Housekeeping happens in `tick`, which the host calls about once a second.
///
/// Life: make it, add instances, set the routing, attach generations, set states. At the end stop
/// the inbound traffic, drain, detach the generations, remove the instances.
#pragma once

#include "events/event.hpp"
#include "multiplexer/agent_directory.hpp"
#include "multiplexer/clock.hpp"
#include "multiplexer/dead_letter.hpp"
#include "multiplexer/instance.hpp"
#include "multiplexer/metrics.hpp"
#include "multiplexer/options.hpp"
#include "multiplexer/routing.hpp"

#include <patchbay/result.hpp>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace patchbay::multiplexer {

/// What was still there when a drain ended.
struct Leftover {
    std::string instance;
    std::uint64_t queued = 0;
    std::uint64_t in_flight = 0;
};

/// All functions are callable from any thread of the host.
class Multiplexer {
  public:
    /// The references must outlive the multiplexer.
    Multiplexer(const Options& options, const Clock& clock, events::EventSink& events,
                DeadLetterSink& dead_letters);
    Multiplexer(const Multiplexer&) = delete;
    Multiplexer& operator=(const Multiplexer&) = delete;
    ~Multiplexer();

    /// Fails when the name or the component id is taken or not valid.
    Result<Instance*> add_instance(InstanceOptions options);
    /// Turns what waits for it into dead letters and forgets it. Its generations are detached.
    void remove_instance(Instance& instance);
    /// By instance name, or by public id (any version when none fits exactly); null when unknown.
    [[nodiscard]] Instance* find(std::string_view name_or_id) const;

    /// Replaces the routing as a whole. Deliveries in progress finish with the old one.
    void set_routing(RoutingTable table);
    [[nodiscard]] RouteExplanation explain(const RouteQuery& query) const;
    [[nodiscard]] AgentDirectory& agents() noexcept;

    /// Time limits of taken envelopes, ageing of learned routes.
    void tick();

    /// From now on connections that are not consumers get FULL for everything that does not answer
    /// a request (has no valid `reply_to` or `parent`), so that they keep it.
    void stop_inbound();
    /// Ends that; instances that were stopped one by one stay so.
    void resume_inbound();
    [[nodiscard]] bool is_inbound_stopped() const noexcept;
    /// Nothing waits in any mailbox and nothing is in flight.
    [[nodiscard]] bool is_idle() const;
    /// Waits until it is idle or the clock's monotonic time reaches `deadline`; says what is left.
    [[nodiscard]] std::vector<Leftover> drain(std::uint64_t deadline);
    /// Makes dead letters (SHUTDOWN) of everything that waits in mailboxes; returns their number.
    std::uint64_t abandon();

    [[nodiscard]] Metrics metrics() const;

    struct Core;
    [[nodiscard]] Core& core() noexcept { return *core_; }

  private:
    std::unique_ptr<Core> core_;
};

}  // namespace patchbay::multiplexer
