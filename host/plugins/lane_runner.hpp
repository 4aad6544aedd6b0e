// SPDX-License-Identifier: Apache-2.0
/// \file
/// What runs on a lane's thread: the plugin's own loop where its class has one, else the host's,
/// which takes signals, timers and envelopes and calls the plugin with them.
#pragma once

#include "multiplexer/lane.hpp"
#include "plugins/abi_host.hpp"
#include "plugins/lane_timers.hpp"

#include <patchbay/abi.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace patchbay::plugins {

/// One lane of one generation of an instance. Made and destroyed by the host; `run` is called once,
/// on the lane's thread.
class LaneRunner final : public multiplexer::InlineDispatch {
  public:
    /// Envelopes that one `on_batch` gets at most.
    static constexpr std::uint32_t batch_size = 64;
    /// Uncompleted envelopes where the operator sets no bound; the multiplexer's own default.
    static constexpr std::uint32_t default_in_flight = 65'536;

    /// `in_flight_limit`: envelopes that may be uncompleted before the host's loop takes more.
    /// `inline_ok`: envelopes may also arrive on a deliverer's thread.
    LaneRunner(AbiHost& host, const patchbay_class& table, void* instance, multiplexer::Lane& lane,
               std::uint32_t in_flight_limit, bool inline_ok);
    ~LaneRunner() override;

    /// Returns after PATCHBAY_SIGNAL_STOP.
    void run() noexcept;
    /// Before STOP. Nothing reaches the plugin from other threads any more: timers and inline
    /// dispatch.
    void stop_others();
    /// The plugin's own loop has returned or thrown: nobody follows orders on this lane any more.
    [[nodiscard]] bool loop_ended() const { return loop_ended_.load(); }

    void on_batch(multiplexer::Lane& lane, const patchbay_array& envelopes,
                  patchbay_status* results) noexcept override;

  private:
    void drive();
    /// False after STOP.
    bool handle_signals();
    void handle_timers();
    /// Takes and runs one batch; the number of envelopes in it.
    std::uint32_t handle_envelopes();
    void wait();
    void connect(const patchbay_signal& signal);
    void disconnect(const patchbay_signal& signal);
    void pass_on(std::vector<patchbay_signal>& signals);
    [[nodiscard]] std::uint32_t room();

    AbiHost& host_;
    patchbay_class class_;
    void* instance_;
    multiplexer::Lane& lane_;
    std::uint32_t in_flight_limit_;
    bool inline_ok_;
    LaneContext context_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> loop_ended_{false};
    /// The last `connect` failed at once, so that there is nothing to disconnect.
    bool connect_failed_ = false;
    std::vector<patchbay_envelope> envelopes_;
    std::vector<patchbay_status> results_;
};

}  // namespace patchbay::plugins
