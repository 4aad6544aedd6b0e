// SPDX-License-Identifier: Apache-2.0
/// \file
/// What an operator is told of an instance: a snapshot, without pointers into anything alive.
#pragma once

#include "plugins/connection_state.hpp"

#include <patchbay/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::plugins {

/// How far an instance is apart from its connection.
enum class InstancePhase : std::uint8_t {
    added,    ///< known, its library not loaded yet
    running,  ///< its code runs
    failed,   ///< could not be loaded or created; `last_error` says why
    stopped,  ///< ended and gone
    hung,     ///< was to end, but code of it still runs
};

[[nodiscard]] std::string_view to_string(InstancePhase phase);

/// A listening address that the host holds open for an instance.
struct ListenerStatus {
    /// "127.0.0.1:8000", "[::1]:8000" or "unix:/run/x.sock".
    std::string address;
    std::size_t sockets = 0;
    /// 0: kept open for the next generation.
    std::size_t loans = 0;
};

struct InstanceStatus {
    std::string name;
    std::string component_id;
    std::string class_id;
    bool is_abstract = false;
    bool consumer = false;
    bool required = false;
    bool automatic = false;
    /// By an operator: it stays disconnected until it is enabled.
    bool disabled = false;
    /// By an operator: it delivers nothing but answers until it is enabled.
    bool inbound_stopped = false;
    InstancePhase phase = InstancePhase::added;
    ConnectionState state = ConnectionState::disconnected;
    /// When `state` began: nanoseconds since 1970, UTC.
    std::uint64_t since = 0;
    /// Generation of the plugin, from 1; 0 when none is loaded.
    std::uint32_t generation = 0;
    /// The one before it, as long as it completes what it had taken; 0: none.
    std::uint32_t draining_generation = 0;
    /// Reloads that succeeded.
    std::uint64_t reloads = 0;
    /// Of the library that runs.
    std::string sha256;
    std::uint32_t lanes = 0;
    /// Living threads that run code of it.
    std::uint64_t threads = 0;
    /// How often it became connected.
    std::uint64_t connects = 0;
    std::optional<Error> last_error;
    std::uint64_t last_error_at = 0;
    /// Attempts to reconnect since it was last connected.
    std::uint32_t reconnect_attempt = 0;
    /// When the next attempt is due (since 1970, UTC); 0 = none is planned.
    std::uint64_t reconnect_at = 0;
    /// It did not answer a connect or disconnect within the time limit and has not answered since.
    bool unresponsive = false;
    /// Threads that did not end.
    std::vector<std::string> hung_threads;
    /// Envelopes and bytes that wait in its mailboxes, and envelopes taken and not completed.
    std::uint64_t queued = 0;
    /// Envelopes it took so far.
    std::uint64_t taken = 0;
    std::uint64_t queued_bytes = 0;
    std::uint64_t in_flight = 0;
    /// Answers to its requests that are still to come.
    std::uint64_t awaited = 0;
    /// Where the host listens for it.
    std::vector<ListenerStatus> listeners;
    /// Rules of abi.h that it broke.
    std::uint64_t misbehaviour = 0;
};

}  // namespace patchbay::plugins
