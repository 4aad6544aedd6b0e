// SPDX-License-Identifier: Apache-2.0
/// \file
/// An instance of a connection as the multiplexer sees it: a number, limits, mailboxes that survive
/// reloads, and the generations whose lanes take from them.
#pragma once

#include "multiplexer/generation.hpp"
#include "multiplexer/metrics.hpp"
#include "multiplexer/options.hpp"

#include <patchbay/result.hpp>

#include <cstdint>

namespace patchbay::multiplexer {

struct GenerationCore;
struct InstanceCore;

/// Made by `Multiplexer::add_instance`. All functions are the host's, any thread.
class Instance {
  public:
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    [[nodiscard]] std::uint32_t number() const noexcept;
    [[nodiscard]] const InstanceOptions& options() const noexcept;
    /// Named by an inbound route, or made so.
    [[nodiscard]] bool is_consumer() const noexcept;

    [[nodiscard]] InstanceState state() const noexcept;
    /// Starts in `expected`. Wakes the lanes when it becomes `connected`; turns what waits into
    /// dead letters when it becomes `disconnected`.
    void set_state(InstanceState state);
    void set_connected(bool connected) {
        set_state(connected ? InstanceState::connected : InstanceState::disconnected);
    }

    /// From now on it gets FULL for everything that does not answer a request (has no valid
    /// `reply_to` or `parent`), so that it keeps it. Consumers deliver on. Survives reloads and
    /// changes of state.
    void stop_inbound() noexcept;
    /// Ends that, and tells the lanes that were refused that there is room.
    void resume_inbound();
    [[nodiscard]] bool is_inbound_stopped() const noexcept;
    /// The limit of `InstanceOptions`; holds for what has been taken already, too.
    void set_send_time_limit(std::uint64_t nanoseconds);

    /// Makes the next generation with `lanes` lanes. While an older one is attached, that one goes
    /// on taking until `hand_over`.
    Result<Generation*> attach(std::uint32_t lanes);
    /// The generation that takes from the mailboxes; null when there is none.
    [[nodiscard]] Generation* current() const noexcept;
    /// The newest generation takes from the mailboxes from now on. Each lane of the old one stops
    /// at a batch boundary; it keeps its tokens, gets what is addressed to it by `reply_to`, and
    /// is asked, newest first, about envelopes that a newer one says are not its own. Call it when
    /// the old lanes' threads are between two takes or have ended: it waits for a take in progress.
    void hand_over();
    /// The same, for a generation that may also be an older one; answers come to it (again).
    void hand_over(Generation& next);
    /// Takes back everything the generation holds and frees it. Its lanes' threads have ended.
    Reclaimed detach(Generation& generation);

    [[nodiscard]] InstanceCounters counters() const;

  protected:
    Instance() = default;
    ~Instance() = default;

  private:
    static void adopt_boxes(InstanceCore& instance, GenerationCore& generation);
};

}  // namespace patchbay::multiplexer
