// SPDX-License-Identifier: Apache-2.0
/// \file
/// The host's events for a client of the control socket.
#pragma once

#include "control/registry.hpp"
#include "events/event_ring.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>

namespace patchbay::app {

struct EventSelection {
    /// Number of the first event wanted.
    std::uint64_t from = 1;
    /// Go on with what comes; otherwise what is there is all.
    bool follow = false;
    /// Only of this subsystem or instance; empty: all.
    std::string subsystem;
    /// Only events whose code begins with it; empty: all.
    std::string code;
};

/// Items are events as JSON, and {"missed": N} where the client was too slow.
class EventSource final : public control::Source {
  public:
    /// `ring` outlives it.
    EventSource(events::EventRing& ring, EventSelection selection);

    std::vector<nlohmann::json> take(std::size_t maximum) override;
    [[nodiscard]] bool ended() const override;
    void set_wake(std::function<void()> wake) override;

  private:
    [[nodiscard]] bool wanted(const events::Event& event) const;

    events::EventRing& ring_;
    EventSelection selection_;
    std::uint64_t next_;
    events::EventRing::Registration registration_;
};

[[nodiscard]] nlohmann::json to_json(const events::Record& record);

}  // namespace patchbay::app
