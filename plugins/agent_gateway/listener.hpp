// SPDX-License-Identifier: Apache-2.0
/// \file
/// Accepts agents on one listening socket, for one lane.
#pragma once

#include "gateway_lane.hpp"

namespace patchbay::agent_gateway {

class GatewayLane::Listener final : public net::Readiness, public net::Deadline {
  public:
    /// The socket stays the host's.
    Listener(GatewayLane& lane, int descriptor) : lane_(lane), descriptor_(descriptor) {}
    ~Listener() { stop(); }

    [[nodiscard]] Result<void> start();
    void stop() noexcept;
    void on_ready(net::ReadyFor what) noexcept override;
    /// The pause after a failure is over.
    void on_deadline() noexcept override;

  private:
    [[nodiscard]] bool accept_one();

    GatewayLane& lane_;
    int descriptor_;
    bool listening_ = false;
};

}  // namespace patchbay::agent_gateway
