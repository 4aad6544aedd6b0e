// SPDX-License-Identifier: Apache-2.0
/// \file
/// Accepts from one listening socket on one lane. When the system has no descriptors or no memory
/// left it pauses, and those who want to connect wait.
#pragma once

#include <patchbay/log.hpp>
#include <patchbay/net/deadlines.hpp>
#include <patchbay/net/descriptor.hpp>
#include <patchbay/net/peer_address.hpp>
#include <patchbay/net/readiness.hpp>
#include <patchbay/result.hpp>

#include <functional>

namespace patchbay::net {

/// [lane]
class Acceptor final : public Readiness, public Deadline {
  public:
    /// Gets each socket that was accepted, non-blocking.
    using Accepted = std::function<void(Descriptor socket, const PeerAddress& peer)>;

    /// The listening socket stays the host's. The others must outlive this.
    Acceptor(ReadinessSet& readiness, Deadlines& deadlines, const Log& log, int descriptor,
             Accepted accepted);
    ~Acceptor() { stop(); }

    [[nodiscard]] Result<void> start();
    void stop() noexcept;
    void on_ready(ReadyFor what) noexcept override;
    /// The pause after a failure is over.
    void on_deadline() noexcept override;

  private:
    [[nodiscard]] bool accept_one();

    ReadinessSet& readiness_;
    Deadlines& deadlines_;
    const Log& log_;
    const int descriptor_;
    const Accepted accepted_;
    bool listening_ = false;
};

}  // namespace patchbay::net
