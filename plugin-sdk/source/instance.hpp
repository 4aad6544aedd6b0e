// SPDX-License-Identifier: Apache-2.0
/// \file
/// One instance of a connection class: the host's table, the connection, its lanes, and its life
/// cycle as the host commands it with CONNECT and DISCONNECT on lane 0.
#pragma once

#include "lane_core.hpp"

#include <patchbay/async_connection.hpp>
#include <patchbay/host.hpp>
#include <patchbay/registration.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::detail {

class Instance {
  public:
    /// [host-thread] Throws what the connection's constructor throws.
    Instance(const patchbay_host* host, const patchbay_instance_options& options,
             ConnectionFactory factory);
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;
    ~Instance();

    [[nodiscard]] Host& host() noexcept { return host_; }
    [[nodiscard]] Connection& connection() noexcept { return *connection_; }
    [[nodiscard]] std::uint32_t lane_count() const noexcept {
        return static_cast<std::uint32_t>(lanes_.size());
    }
    [[nodiscard]] LaneCore& lane(std::uint32_t index) noexcept { return *lanes_[index]; }
    [[nodiscard]] ConnectionState state() const noexcept { return state_.load(); }
    /// [lane]
    void run(std::uint32_t index, patchbay_lane* lane);

    /// CONNECT and DISCONNECT. [lane 0]
    void begin_connect(std::uint64_t token, std::uint64_t limit);
    void begin_disconnect(std::uint64_t token, std::uint64_t limit, bool replaced);
    /// STATE_SAVE and STATE_LOAD. [lane 0]
    void begin_save(std::uint64_t token, std::uint64_t limit);
    void begin_load(std::uint64_t token, std::uint64_t version);
    /// The disconnect in progress is for a reload. [lane 0]
    [[nodiscard]] bool is_being_replaced() const noexcept { return replaced_; }
    /// [lane 0]
    [[nodiscard]] std::chrono::steady_clock::time_point operation_deadline() const noexcept {
        return operation_deadline_;
    }
    /// Lane 0 ends, with or without a disconnect before. [lane 0]
    void stopping() {
        receiving_ = false;
        set_state(ConnectionState::disconnected);
    }
    /// The connection broke by itself: no more `receive`. [any-thread]
    void lost();
    /// Whether somebody waits for the last envelope to be completed. [any-thread]
    [[nodiscard]] bool draining() const noexcept { return draining_.load(); }

  private:
    using TimePoint = std::chrono::steady_clock::time_point;

    void set_state(ConnectionState state);
    void complete_operation(std::uint64_t token, const Result<void>& result);
    [[nodiscard]] bool is_idle();
    void cancel_sends();
    Awaitable<void> turn();
    Awaitable<bool> drained(TimePoint deadline);
    Awaitable<void> run_connect(std::uint64_t token, std::uint64_t limit, std::uint64_t own_task);
    Awaitable<void> run_disconnect(std::uint64_t token, std::uint64_t limit, bool replaced);
    Awaitable<void> run_save(std::uint64_t token, std::uint64_t limit);
    Awaitable<void> run_load(std::uint64_t token, std::uint64_t version);
    struct Finish;
    [[nodiscard]] bool sends_ended() const;
    [[nodiscard]] Result<void> write_state(std::string_view state) const;
    [[nodiscard]] Result<std::string> read_state() const;
    Awaitable<void> receive_loop();
    Awaitable<void> hand_over(Envelope envelope);

    Host host_;
    std::vector<std::unique_ptr<LaneCore>> lanes_;
    std::unique_ptr<Connection> connection_;
    std::atomic<ConnectionState> state_{ConnectionState::disconnected};
    std::atomic<bool> draining_{false};
    /// Of lane 0: the operation that runs, and whether `receive` is to be called.
    bool operating_ = false;
    std::uint64_t connect_task_ = 0;
    bool receiving_ = false;
    bool replaced_ = false;
    /// Null: the host is older than patchbay.state/1.
    const patchbay_state* state_table_ = nullptr;
    TimePoint operation_deadline_{};
    Metric receive_failures_;
};

}  // namespace patchbay::detail
